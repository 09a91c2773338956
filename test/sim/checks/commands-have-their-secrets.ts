import { METADATA_RUN } from "../../../src/core/machine.ts";
import { hasSecrets } from "../../../src/core/run-spec.ts";
import type { SimMachine } from "../world/machine.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";

/** What is stored late has an older time than some who did not see it. */
const STORED_LATE_MS = 30_000;

export const commandsHaveTheirSecrets: Check = {
  name: "a command starts with its run's secrets as they were when its attempt was planned, and not before it has them",
  begin(world) {
    const judged = new Set<SimMachine>();
    return {
      onChange({ state: { run, attempts } }) {
        if (!hasSecrets(run.spec)) return null;
        for (const attempt of attempts) {
          const machine = world.machineOf(attempt);
          if (attempt.startedAt !== null && machine?.isAlive && machine.end === null && !machine.command)
            return `attempt ${attempt.number} of run ${run.id} counts as started, and its command waits for its secrets`;
        }
        return null;
      },
      afterStep() {
        for (const machine of world.platform.machines) {
          if (!machine.command || judged.has(machine)) continue;
          judged.add(machine);
          const wrong = wrongEnvironment(world, machine);
          if (wrong) return `the command of machine ${machine.id} ${wrong}`;
        }
        return null;
      },
    };
  },
};

function wrongEnvironment(world: World, { name, config, command }: SimMachine): string | null {
  const state = world.store.runs.get(config.metadata?.[METADATA_RUN] ?? "")?.state;
  const attempt = state?.attempts.find(({ machineName }) => machineName === name);
  const given = command?.environment ?? {};
  if (!state || !attempt) return null;
  const { secrets } = state.run.spec;
  for (const [variable, secret] of Object.entries(secrets)) {
    if (!rightValues(world, secret, attempt.plannedAt).includes(given[variable] ?? ""))
      return `has ${JSON.stringify(given[variable])} for ${variable}`;
  }
  const others = Object.keys(given).filter((variable) => !(variable in secrets));
  return others.length > 0 ? `has ${others.join(", ")}, too` : null;
}

/** The one in force then, or the one before it, where it was set only just before. */
function rightValues({ vault }: World, name: string, at: number): string[] {
  const versions = vault.store.rows.map(({ secret }) => secret).filter((secret) => secret.name === name);
  const index = Math.max(
    0,
    versions.findLastIndex(({ setAt }) => setAt <= at),
  );
  const isNew = at - (versions[index]?.setAt ?? 0) <= STORED_LATE_MS;
  return versions
    .slice(isNew ? Math.max(0, index - 1) : index, index + 1)
    .map((secret) => vault.valueOf(secret));
}

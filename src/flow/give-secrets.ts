/** Give: a started Machine of a run with secrets waits for them before its command starts. Giving twice is giving once. */

import { SECRET_GIVE_TIMEOUT_S } from "../core/limits.ts";
import { hasSecrets, secretsOfSpec } from "../core/run-spec.ts";
import { giveCommands, isGiven } from "../core/secret-giving.ts";
import type { Drive } from "./drive.ts";
import type { FlowPorts } from "./flow.ts";
import type { AttemptSecrets } from "./ports/secrets.ts";

export type Given =
  /** The Machine has all of them, or the run is given none. */
  | { kind: "given" }
  /** Nobody knows whether they arrived: to be done again. */
  | { kind: "again" }
  /** The rest of them a second later. */
  | { kind: "later" }
  | { kind: "not_running" }
  | { kind: "impossible"; problem: string };

/** The secrets of the attempt under way; null for a run that is given none. */
export async function secretsOf(
  ports: Pick<FlowPorts, "secrets">,
  drive: Drive,
): Promise<AttemptSecrets | null> {
  const { run } = drive.state;
  if (!hasSecrets(run.spec)) return null;
  const { machineName, plannedAt } = drive.attempt();
  drive.secrets ??= await ports.secrets.forAttempt({
    orgId: run.orgId,
    machineName,
    plannedAt,
    variables: secretsOfSpec(run.spec),
  });
  return drive.secrets;
}

/** Gives a Machine its secrets. */
export async function giveSecrets(ports: FlowPorts, drive: Drive, machineId: string): Promise<Given> {
  const secrets = await secretsOf(ports, drive);
  if (secrets === null) return { kind: "given" };
  if (secrets.given === null) return { kind: "impossible", problem: secrets.problem ?? "" };
  const calls = giveCommands(drive.attempt().machineName, secrets.given);
  for (const argv of calls.slice(drive.givenCalls)) {
    const result = await ports.machines.exec(machineId, argv, SECRET_GIVE_TIMEOUT_S, drive.interrupt);
    if (result.kind === "later" || result.kind === "not_running") return { kind: result.kind };
    if (result.kind !== "ran" || !isGiven(result.stdout)) return { kind: "again" };
    drive.givenCalls += 1;
  }
  return { kind: "given" };
}

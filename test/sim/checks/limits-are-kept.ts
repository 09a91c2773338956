import { METADATA_RUN } from "../../../src/core/machine.ts";
import type { SimMachine } from "../world/machine.ts";
import type { World } from "../world/world.ts";
import { notBefore } from "./book-of-turns.ts";
import type { Check } from "./check.ts";
import { newMachines } from "./new-machines.ts";

export const limitsAreKept: Check = {
  name: "no run has a machine before its time, or while as many others of its key, or of all, may still be at work as its limit says",
  begin(world) {
    const fresh = newMachines(world);
    return {
      afterStep() {
        for (const machine of fresh()) {
          // A machine of no run is another promise's.
          if (runOf(machine) === "") continue;
          const wrong = tooEarly(world, machine) ?? tooMany(world, machine);
          if (wrong) return wrong;
        }
        return null;
      },
    };
  },
};

function tooEarly(world: World, machine: SimMachine): string | null {
  const run = world.store.runs.get(runOf(machine))?.state.run;
  if (!run) return null;
  const earlyMs = notBefore(run) - world.time.now();
  return earlyMs > 2 * world.clockOffMaxMs ? `run ${run.id} has a machine ${earlyMs} ms too early` : null;
}

/** By what the machines do, whatever is stored of them. */
function tooMany(world: World, machine: SimMachine): string | null {
  const id = runOf(machine);
  const { concurrency } = world.orderOf(id).spec;
  const others = new Set(
    world.platform.machines
      .filter(isAtWork)
      .map(runOf)
      .filter((other) => other !== id && other !== ""),
  );
  if (world.organizationLimit !== null && others.size >= world.organizationLimit)
    return `run ${id} has a machine beside ${[...others].join(", ")}, of ${world.organizationLimit} in all`;
  const same = [...others].filter((other) => world.orderOf(other).spec.concurrency?.key === concurrency?.key);
  return concurrency !== null && same.length >= concurrency.limit
    ? `run ${id} has a machine beside ${same.join(", ")}, of ${concurrency.limit} with the key ${concurrency.key}`
    : null;
}

/** One whose command has not begun yet can still begin. */
function isAtWork({ isAlive, end }: SimMachine): boolean {
  return isAlive && end === null;
}

function runOf(machine: SimMachine): string {
  return machine.config.metadata?.[METADATA_RUN] ?? "";
}

import { METADATA_RUN } from "../../../src/core/machine.ts";
import { startsAt } from "../../../src/core/run.ts";
import type { SimMachine } from "../world/machine.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";

/** What a start takes at most where nothing goes wrong: the call, and the boot. */
const START_MAX_MS = 4000;

export const startsArePunctual: Check = {
  name: "a run that has a time of its own starts no command before it, and a machine that waits for that is started once",
  begin: (world) => ({
    afterStep() {
      for (const machine of world.platform.machines) {
        const wrong = wrongStart(world, machine);
        if (wrong) return `machine ${machine.id} ${wrong}`;
      }
      return null;
    },
  }),
};

function wrongStart(world: World, machine: SimMachine): string | null {
  const run = world.store.runs.get(machine.config.metadata?.[METADATA_RUN] ?? "")?.state.run;
  const at = run && startsAt(run);
  if (at == null) return machine.isHeld ? "waits for a time that its run does not have" : null;
  if (machine.launches > 1) return `is started ${machine.launches} times`;
  const { startedAt } = machine;
  if (startedAt === null) return null;
  const earlyMs = at - startedAt;
  if (earlyMs > 2 * world.clockOffMaxMs) return `starts ${earlyMs} ms before its time`;
  const isUndisturbed = world.chance.faults.every((fault) =>
    UNDISTURBING.some((kind) => fault.startsWith(kind)),
  );
  return isUndisturbed && machine.isHeld && -earlyMs > START_MAX_MS && startedAt - machine.createdAt > 20_000
    ? `starts ${-earlyMs} ms after its time, and nothing went wrong`
    : null;
}

/** Faults that are none to the start of a machine. */
const UNDISTURBING = ["a punctual run", "a second run", "a third run", "a crowd"];

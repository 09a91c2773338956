import { isFinal, type Run } from "../../../src/core/run.ts";
import { signalOfCode } from "../../../src/core/signals.ts";
import type { SimMachine } from "../world/machine.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";

/** What a slow database takes to store the outcome after the last look. */
const STORED_WITHIN_MS = 60_000;
/** Looks without an answer after which one may give up. */
const LOOKS_NEEDED = 3;

export const theOutcomeIsTrue: Check = {
  name: "a run's outcome is what happened",
  begin: (world) => ({
    onChange({ state: { run, attempts } }) {
      if (!isFinal(run.status)) return null;
      const machine = world.machineOf({ run, attempts });
      const wrong =
        wrongExit(run, machine) ?? wrongReason(world, run, machine, attempts[0]?.machineName ?? "");
      return wrong && `run ${run.id} is ${run.status} (${run.reason}, ${run.detail}): ${wrong}`;
    },
  }),
};

function wrongExit({ exit }: Run, machine: SimMachine | null): string | null {
  if (exit === null || exit.code === null) return null;
  const end = machine?.command?.end;
  if (!end) return `it has the exit code ${exit.code} and its command has not ended`;
  if (end.code !== exit.code || signalOfCode(end.code) !== exit.signal || end.oomKilled !== exit.oomKilled)
    return `its exit is ${JSON.stringify(exit)} and its command's ${JSON.stringify(end)}`;
  return null;
}

function wrongReason(world: World, run: Run, machine: SimMachine | null, name: string): string | null {
  const end = machine?.command?.end ?? null;
  switch (run.reason) {
    case null:
      return end?.code === 0 && run.exit?.code === 0 ? null : "its command did not end with 0";
    case "exit_code":
    case "signal":
    case "out_of_memory":
      return run.exit === null ? "nobody knows how its command ended" : null;
    case "no_capacity":
    case "launch_refused":
      return world.platform.refused.get(name)?.has(run.reason) ? null : "no create was refused like that";
    case "image_unavailable":
      if (world.platform.refused.get(name)?.has(run.reason)) return null;
      return machine && machine.startedAt === null && (machine.launchFailed || machine.lost)
        ? null
        : "its image was to be had";
    case "machine_lost":
      return machine?.lost ? null : "its machine was not lost";
    case "timed_out":
      return wrongLimit(world, run, machine);
    default:
      return null;
  }
}

/** A limit may only be blamed by who looked once more after it. */
function wrongLimit(world: World, run: Run, machine: SimMachine | null): string | null {
  const end = machine?.command?.end ?? null;
  if (end === null || machine === null || machine.lost || !end.byItself) return null;
  // Whether it had ended when it was told to is said by two clocks.
  const told = machine.runner?.timedOut || run.cancelRequestedAt !== null || world.clockOffMaxMs > 0;
  if (run.exit !== null) return told ? null : "it ended by itself";
  const { runMs } = run.spec.timeouts;
  const inTime = end.at - (machine.startedAt ?? end.at) < runMs;
  const longAgo = world.time.now() - end.at > STORED_WITHIN_MS;
  const asks = machine.asks.filter(({ at }) => at >= end.at);
  const somebodyLooked = asks.some(({ answered }) => answered) || asks.length >= LOOKS_NEEDED;
  return inTime && longAgo && !somebodyLooked
    ? `its command had ended in time, and it was asked ${asks.length} times since, in vain`
    : null;
}

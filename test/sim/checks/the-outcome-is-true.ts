import type { Attempt } from "../../../src/core/attempt.ts";
import { isFinal, type Run } from "../../../src/core/run.ts";
import { signalOfCode } from "../../../src/core/signals.ts";
import type { StoredRun } from "../../support/memory-store.ts";
import type { SimMachine } from "../world/machine.ts";
import type { World } from "../world/world.ts";
import { wantsSince } from "./book-of-retries.ts";
import { hasLostItsDueTime } from "./cancels-are-heard.ts";
import type { Check } from "./check.ts";

/** What a slow database takes to store the outcome after the last look. */
const STORED_WITHIN_MS = 60_000;
/** Looks without an answer after which one may give up. */
const LOOKS_NEEDED = 3;

export const theOutcomeIsTrue: Check = {
  name: "each attempt's outcome is what happened, and a run's is that of its last",
  begin(world) {
    /** By run: attempts that have been judged. */
    const judged = new Map<string, number>();
    return {
      onChange(stored) {
        const { run, attempts } = stored.state;
        for (let index = judged.get(run.id) ?? 0; index < attempts.length; index++) {
          const attempt = attempts[index] as Attempt;
          if (attempt.settledAt === null) break;
          judged.set(run.id, index + 1);
          const machine = world.machineOf(attempt);
          const wrong = wrongExit(attempt, machine) ?? wrongReason(world, stored, attempt, machine);
          if (wrong)
            return `attempt ${attempt.number} of run ${run.id} ended (${attempt.reason}, ${attempt.detail}): ${wrong}`;
        }
        const wrong = isFinal(run.status) ? wrongOutcome(world, stored) : null;
        return wrong && `run ${run.id} is ${run.status} (${run.reason}, ${run.detail}): ${wrong}`;
      },
    };
  },
};

/** The run ends as its last attempt, or while it waits for another: by a cancel, or by its queue limit. */
function wrongOutcome(world: World, { state: { run, attempts }, events }: StoredRun): string | null {
  const last = attempts.at(-1);
  if (last && last.next === null) {
    const isSame = (["reason", "limit", "detail", "settledAt"] as const).every(
      (field) => run[field] === last[field],
    );
    if (!isSame) return `its last attempt ended otherwise (${last.reason}, ${last.detail})`;
    // The exit can be known and the outcome told by something else, as a limit.
    return JSON.stringify(run.exit) === JSON.stringify(last.exit)
      ? null
      : "its exit is not its last attempt's";
  }
  if (run.exit !== null) return "no attempt was under way, and it has an exit";
  if (run.status === "cancelled") return null;
  if (run.reason !== "timed_out" || run.limit !== "queue") return "no attempt was under way";
  return queueEnd(run, events) <= (run.settledAt ?? 0) + mayBeOff(world)
    ? null
    : "its queue limit has not passed";
}

/** The clock can jump between the decision and its time stamp. */
function mayBeOff({ clockOffMaxMs }: World): number {
  return 2 * clockOffMaxMs;
}

function queueEnd({ spec }: Run, events: StoredRun["events"]): number {
  const before = events.filter(({ event }) => event.type !== "settled");
  return wantsSince(before.map(({ event }) => event)) + spec.timeouts.queueMs;
}

function wrongExit({ exit }: Attempt, machine: SimMachine | null): string | null {
  if (exit === null || exit.code === null) return null;
  const end = machine?.end;
  if (!end) return `it has the exit code ${exit.code} and its command has not ended`;
  if (end.code !== exit.code || signalOfCode(end.code) !== exit.signal || end.oomKilled !== exit.oomKilled)
    return `its exit is ${JSON.stringify(exit)} and its command's ${JSON.stringify(end)}`;
  return null;
}

function wrongReason(
  world: World,
  stored: StoredRun,
  attempt: Attempt,
  machine: SimMachine | null,
): string | null {
  const end = machine?.end ?? null;
  const { reason, exit, machineName } = attempt;
  const wasRefused = () => world.platform.refused.get(machineName)?.has(reason ?? "signal") ?? false;
  switch (reason) {
    case null:
      return end?.code === 0 && exit?.code === 0 ? null : "its command did not end with 0";
    case "exit_code":
      return exit !== null && exit.code !== 0 && exit.signal === null && !exit.oomKilled
        ? null
        : "that was not how its command ended";
    case "signal":
      return exit?.signal != null ? null : "no signal ended its command";
    case "out_of_memory":
      return exit?.oomKilled ? null : "its command was not killed for want of memory";
    case "launch_refused":
      if (attempt.detail?.startsWith("the secret ")) return wrongLackOfSecrets(world, stored, attempt);
      return wasRefused() ? null : "no create was refused like that";
    case "no_capacity":
      return wasRefused() ? null : "no create was refused like that";
    case "image_unavailable":
      if (wasRefused()) return null;
      return machine && machine.startedAt === null && machine.launchFailed ? null : "its image was to be had";
    case "machine_lost":
      return machine?.lost ? null : "its machine was not lost";
    case "timed_out":
      return wrongLimit(world, stored, attempt, machine);
    case "command_not_found":
      return "there was a command";
    case "cancelled_by_user":
      return stored.state.run.cancelRequestedAt !== null || hasLostItsDueTime(world, stored.state.run)
        ? null
        : "nobody asked for it";
    case "superseded":
      return stored.state.run.supersededBy !== null ? null : "no newer run asked for it";
    case "dropped":
    case "expired":
      return "it had its turn";
  }
}

/** The attempt's secrets could not be had. */
function wrongLackOfSecrets(world: World, { state: { run } }: StoredRun, { detail }: Attempt): string | null {
  const names = Object.values(run.spec.secrets);
  const name = names.find((one) => detail?.startsWith(`the secret ${one} `));
  if (name === undefined) return "it was given no such secret";
  if (detail?.includes("can not be opened")) return world.vault.wasLocked ? null : "there was a key for it";
  const versions = world.vault.store.rows.filter(({ secret }) => secret.name === name);
  return versions.some(
    ({ secret: { retiredAt, version } }) =>
      retiredAt !== null &&
      !versions.some(({ secret }) => secret.setAt === retiredAt && secret.version > version),
  )
    ? null
    : "it was never removed";
}

/** A limit may only be blamed once it has passed, and by who looked once more after it. */
function wrongLimit(
  world: World,
  { state, events }: StoredRun,
  attempt: Attempt,
  machine: SimMachine | null,
): string | null {
  const { run } = state;
  const { bootMs, runMs } = run.spec.timeouts;
  const settledAt = (attempt.settledAt ?? 0) + mayBeOff(world);
  if (attempt.limit === "queue" && settledAt < queueEnd(run, events)) return "that limit has not passed";
  if (attempt.limit === "boot" && settledAt < (attempt.createdAt ?? attempt.createAskedAt) + bootMs)
    return "that limit has not passed";
  const end = machine?.end ?? null;
  if (end === null || machine === null || machine.lost || !end.byItself) return null;
  // Whether it had ended when it was told to is said by two clocks.
  const told = machine.runner?.timedOut || run.cancelRequestedAt !== null || world.clockOffMaxMs > 0;
  const inTime = end.at - (machine.commandStartedAt ?? end.at) < runMs;
  if (attempt.exit !== null) return told || !inTime ? null : "it ended by itself, and in time";
  const longAgo = world.time.now() - end.at > STORED_WITHIN_MS;
  const asks = machine.asks.filter(({ at }) => at >= end.at);
  const somebodyLooked = asks.some(({ answered }) => answered) || asks.length >= LOOKS_NEEDED;
  return inTime && longAgo && !somebodyLooked
    ? `its command had ended in time, and it was asked ${asks.length} times since, in vain`
    : null;
}

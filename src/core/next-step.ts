/** What to do next about a run, decided from what is stored and the time alone. */

import type { Attempt } from "./attempt.ts";
import { RUNNER_LINGER_MS, RUNNER_OVERDUE_MS } from "./limits.ts";
import { cancelledEnding, type Ending, expired, outcomeOf, timedOut } from "./outcome.ts";
import { launchDueAt } from "./pace.ts";
import { wantsMachineSince } from "./retry.ts";
import { currentAttempt, isFinal, type Run, type RunState } from "./run.ts";
import { dueAt, expiresAt, pendingQueues } from "./turn.ts";

export type Step =
  /** Get into the queues that the run has to pass, or further in them; there is nothing else to do until then. */
  | { do: "take_turn"; until: number }
  /** Decide the Machine of the next attempt and store it, or wait in line for its launch; there is nothing else to do until then. */
  | { do: "plan"; until: number }
  /** Ask for the Machine. */
  | { do: "launch" }
  /** The Machine exists: wait until it is started. */
  | { do: "await_start"; until: number }
  /** The Machine is made ahead of its run's time: see that it can be started then, and wait for that. */
  | { do: "make_ready"; startsAt: number }
  /** Its time has come: start it, unless that is done, and wait until it is started. */
  | { do: "start"; until: number }
  /** The command runs under the runner: fetch output until its end is known. */
  | { do: "read_output"; until: number }
  /** The image runs by itself: wait until the Machine ends. */
  | { do: "await_end"; until: number }
  /** Tell the command to stop. */
  | { do: "stop" }
  /** This is the outcome; where a limit passed, only after a last look, since the command may have ended while nobody looked. */
  | { do: "settle"; ending: Ending; lookFirst: boolean }
  /** The attempt is over: see its Machine gone. */
  | { do: "release"; attempt: Attempt }
  /** Nothing is to be done before that time: the run's own, its next attempt's, or its launch's. */
  | { do: "rest"; until: number }
  | { do: "nothing" };

/** Epoch milliseconds at which a run gives up waiting for a Machine, also in line for its launch. One whose turn has not come has it now. */
export function queueLimitAt({ run, attempts }: RunState, nowMs: number): number {
  const turned = { run: { ...run, turnAt: run.turnAt ?? nowMs }, attempts };
  return wantsMachineSince(turned) + run.spec.timeouts.queueMs;
}

/**
 * The next step of a run.
 * @param nowMs epoch milliseconds
 * @param organizationLimit runs of the organization that may run at once; null for no limit
 */
export function nextStep(state: RunState, nowMs: number, organizationLimit: number | null = null): Step {
  const { run } = state;
  const attempt = currentAttempt(state);
  if (isFinal(run.status)) return run.open && attempt ? { do: "release", attempt } : { do: "nothing" };
  if (run.cancelRequestedAt !== null && (run.status === "retrying" || !attempt?.startedAt))
    return { do: "settle", ending: cancelledEnding(run), lookFirst: false };
  if (run.status === "retrying" && attempt) return beforeRetry(state, attempt, nowMs);
  if (attempt === null) return beforeFirst(state, nowMs, organizationLimit);
  if (attempt.machineId === null) {
    const limitAt = queueLimitAt(state, nowMs);
    if (nowMs >= limitAt) return overdue(withoutMachine(run));
    return beforeLaunch(run, attempt, limitAt, nowMs);
  }
  return attempt.startedAt === null
    ? boot(state, attempt, nowMs)
    : watch(state, attempt, attempt.startedAt, nowMs);
}

/** Its time comes first, then its queues, then a launch. */
function beforeFirst(state: RunState, nowMs: number, organizationLimit: number | null): Step {
  const { run } = state;
  const limitAt = queueLimitAt(state, nowMs);
  // It has passed its queues, and those that were limited later are not asked.
  if (run.turnAt !== null)
    return nowMs >= limitAt
      ? { do: "settle", ending: withoutMachine(run), lookFirst: false }
      : { do: "plan", until: limitAt };
  const [due, until] = [dueAt(run), expiresAt(run)];
  if (nowMs < due) return { do: "rest", until: due };
  if (nowMs >= until) return { do: "settle", ending: expired(run.spec), lookFirst: false };
  return pendingQueues(run, organizationLimit).length > 0
    ? { do: "take_turn", until }
    : { do: "plan", until: limitAt };
}

function beforeLaunch(run: Run, attempt: Attempt, limitAt: number, nowMs: number): Step {
  const until = Math.min(launchDueAt(run, attempt, nowMs), limitAt);
  return nowMs < until ? { do: "rest", until } : { do: "launch" };
}

/** The failed attempt's Machine goes first, so that a run never has two, and then the next attempt's time has to come. */
function beforeRetry(state: RunState, attempt: Attempt, nowMs: number): Step {
  const { queueMs } = state.run.spec.timeouts;
  const retryAt = attempt.next?.at ?? nowMs;
  const limitAt = queueLimitAt(state, nowMs);
  if (nowMs >= limitAt) {
    const what =
      attempt.releasedAt === null
        ? `the machine of attempt ${attempt.number} was not known to be gone`
        : "no machine could be had";
    return { do: "settle", ending: timedOut("queue", queueMs, what), lookFirst: false };
  }
  if (attempt.releasedAt === null) return { do: "release", attempt };
  return nowMs < retryAt ? { do: "rest", until: retryAt } : { do: "plan", until: limitAt };
}

function boot(state: RunState, attempt: Attempt, nowMs: number): Step {
  const { bootMs } = state.run.spec.timeouts;
  const { startsAt } = attempt.machineConfig;
  const until = Math.max(attempt.createdAt ?? attempt.createAskedAt, startsAt ?? 0) + bootMs;
  if (nowMs >= until) return overdue(timedOut("boot", bootMs, "the machine was not started"));
  if (startsAt === undefined) return { do: "await_start", until };
  return nowMs < startsAt ? { do: "make_ready", startsAt } : { do: "start", until };
}

function watch(state: RunState, attempt: Attempt, startedAt: number, nowMs: number): Step {
  const { spec, cancelRequestedAt } = state.run;
  const { runMs, stopMs } = spec.timeouts;
  const runnerStops = spec.capture === "output";
  const runLimit = startedAt + runMs;
  if (attempt.exitedAt !== null) return drain(state.run, attempt, attempt.exitedAt, runLimit, nowMs);
  if (attempt.stopRequestedAt !== null) {
    const until = attempt.stopRequestedAt + stopMs + RUNNER_OVERDUE_MS;
    if (nowMs >= until)
      return overdue(cancelRequestedAt !== null ? cancelledEnding(state.run) : ranTooLong(runMs));
    return { do: runnerStops ? "read_output" : "await_end", until };
  }
  if (cancelRequestedAt !== null) return { do: "stop" };
  if (runnerStops) {
    // The runner enforces the limit inside the Machine; this is for a runner that is broken.
    const until = runLimit + stopMs + RUNNER_OVERDUE_MS;
    return nowMs >= until ? overdue(ranTooLong(runMs)) : { do: "read_output", until };
  }
  return nowMs >= runLimit ? { do: "stop" } : { do: "await_end", until: runLimit };
}

/** The command's end is known and the rest of its output is being fetched, as long as the runner lingers for that. */
function drain(run: Run, attempt: Attempt, exitedAt: number, runLimit: number, nowMs: number): Step {
  const until = exitedAt + RUNNER_LINGER_MS;
  if (nowMs < until) return { do: "read_output", until };
  const exit = attempt.exit ?? { code: null, signal: null, oomKilled: false };
  const end = { exit, timedOut: exitedAt >= runLimit, commandMissing: null };
  return { do: "settle", ending: outcomeOf(run, attempt, end), lookFirst: false };
}

function overdue(ending: Ending): Step {
  return { do: "settle", ending, lookFirst: true };
}

function withoutMachine(run: Run): Ending {
  return timedOut("queue", run.spec.timeouts.queueMs, "no machine could be had");
}

function ranTooLong(runMs: number): Ending {
  return timedOut("run", runMs, "the command was still running");
}

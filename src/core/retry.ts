/**
 * Retries: whether a failed attempt is followed by another, of what size, where and when. Three kinds of failure pay from
 * three purses, so that nobody pays for another's:
 * - the job's own (`attempts` of the spec): exit codes, signals, want of memory, and whatever else a rule asks to retry;
 * - the platform's (`PLATFORM_FAILURES_MAX`): a lost Machine, or one that was not up in time;
 * - want of room (`CAPACITY_REFUSALS_MAX`, and the queue limit): it walks the region list, and pauses after each round.
 *
 * Where no rule fits: the job's own failures are retried at the same size while attempts are left, which with the default of
 * one they are not, and so is a checkout that failed; a command or a git that is not there, an image that can not be had, a refused launch and a passed run or step limit are
 * not, as they would fail again; lost Machines, slow boots and want of room are.
 */

import type { Attempt, NextAttempt } from "./attempt.ts";
import { formatDuration } from "./duration.ts";
import type { AttemptFailed, Settled } from "./event.ts";
import { nextSize } from "./guest.ts";
import {
  CAPACITY_REFUSALS_MAX,
  PLATFORM_FAILURES_MAX,
  PLATFORM_PAUSE_MIN_MS,
  RETRY_FACTOR_DEFAULT,
  RETRY_INITIAL_DEFAULT_MS,
  RETRY_JITTER_DEFAULT,
  RETRY_MAX_DEFAULT_MS,
} from "./limits.ts";
import type { Ending } from "./outcome.ts";
import { shareOf } from "./poll.ts";
import {
  CANCEL_REASONS,
  type CancelReason,
  currentAttempt,
  type Exit,
  type OutputSummary,
  REASONS,
  type Reason,
  type RunState,
  startsAt,
} from "./run.ts";
import type { Backoff, RetryAction, RetryPolicy, RetryRule } from "./run-spec.ts";

/** What a run that says nothing of retries has. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 1,
  backoff: {
    initialMs: RETRY_INITIAL_DEFAULT_MS,
    factor: RETRY_FACTOR_DEFAULT,
    maxMs: RETRY_MAX_DEFAULT_MS,
    jitter: RETRY_JITTER_DEFAULT,
  },
  rules: [],
};

/** Reasons that can be retried: nobody who cancelled a run wants another attempt. */
export type RetryReason = Exclude<Reason, CancelReason>;

export const RETRY_REASONS: readonly RetryReason[] = REASONS.filter(
  (reason): reason is RetryReason => !(CANCEL_REASONS as readonly Reason[]).includes(reason),
);

/** Whose failure it was, and so which bound it counts towards. */
type Payer = "job" | "platform" | "capacity";

/** True where a retry after this failure uses up one of the job's attempts, unless it was its boot limit that passed. */
export function usesUpAttempts(reason: RetryReason): boolean {
  return payerOf({ reason, limit: null }) === "job";
}

/** How an attempt ended that is not the run's last, or the run's outcome where it is. */
export function endOfAttempt(
  state: RunState,
  ending: Ending,
  exit: Exit | null,
  output: OutputSummary,
  at: number,
): AttemptFailed | Settled {
  const attempt = currentAttempt(state);
  const { status, ...told } = ending;
  const { reason } = told;
  // The end of a run without an attempt under way is nobody's failure.
  if (status !== "failed" || reason === null || attempt === null || attempt.settledAt !== null)
    return { type: "settled", at, ...ending, exit, output };
  const next = decide(state, attempt, { ...ending, reason }, exit, at);
  if ("stop" in next) {
    const detail = [ending.detail, next.stop].filter((part) => part !== null).join("; ");
    return { type: "settled", at, ...ending, detail: detail === "" ? null : detail, exit, output };
  }
  return { type: "attempt_failed", at, attempt: attempt.number, ...told, reason, exit, output, next };
}

/**
 * Since when a run without a Machine has wanted one: its turn, at which its first attempt was planned, or the time of the retry
 * after its last Machine.
 */
export function wantsMachineSince({ run, attempts }: RunState): number {
  const last = attempts.findLast(({ machineId, next }) => machineId !== null && next !== null);
  // The wait for its own time is nobody's failure to give it one.
  return last?.next?.at ?? Math.max(run.turnAt ?? run.acceptedAt, startsAt(run) ?? 0);
}

interface Failure extends Ending {
  reason: Reason;
}

/** The next attempt, or why there is none (null where that goes without saying). */
function decide(
  state: RunState,
  attempt: Attempt,
  failure: Failure,
  exit: Exit | null,
  nowMs: number,
): NextAttempt | { stop: string | null } {
  const { spec, cancelRequestedAt } = state.run;
  const payer = payerOf(failure);
  const rule = spec.retry.rules.find((candidate) => ruleFits(candidate, failure.reason, exit));
  const action = rule?.do ?? usual(failure);
  // After the queue limit there is no time left to wait for a Machine in.
  if (action === "stop" || failure.limit === "queue" || cancelRequestedAt !== null) return { stop: null };
  const failures =
    1 + state.attempts.filter((earlier) => earlier !== attempt && paid(earlier) === payer).length;
  const spent = usedUp(payer, failures, spec.retry);
  if (spent !== null) return { stop: spent.why };
  const { guest, region } = attempt.machineConfig;
  const bigger = action === "next_size" ? nextSize(guest) : guest;
  if (bigger === null) return { stop: `there is no larger size of ${guest.cpuKind} CPUs` };
  const walk = action === "next_region" ? nextRegion(spec.regions, region) : null;
  const pause = rule?.waitMs ?? pauseMs(state, attempt, payer, failures, walk);
  // What was made ahead and failed is not made ahead again: its time is near.
  const at = Math.max(nowMs + pause, startsAt(state.run) ?? 0);
  const { queueMs } = spec.timeouts;
  if (attempt.machineId === null && at >= wantsMachineSince(state) + queueMs)
    return { stop: `the next try would be after the queue limit of ${formatDuration(queueMs)}` };
  return { at, guest: bigger, region: walk === null ? region : walk.region };
}

/** A step along the region list, whose end leads to its beginning. */
interface Walk {
  region: string;
  isNewRound: boolean;
  /** Regions in a round. */
  length: number;
}

function nextRegion(list: string[], current: string | null): Walk | null {
  const regions = [...new Set(list)];
  const index = (regions.indexOf(current ?? "") + 1) % regions.length;
  const region = regions[index];
  return region === undefined ? null : { region, isNewRound: index === 0, length: regions.length };
}

/**
 * The pause that the backoff asks for. Want of room in one region says nothing of the next, so a round through the list goes
 * without pauses, and rounds are what is counted.
 */
function pauseMs(
  state: RunState,
  attempt: Attempt,
  payer: Payer,
  failures: number,
  walk: Walk | null,
): number {
  const isWalk = payer === "capacity" && walk !== null;
  if (isWalk && !walk.isNewRound) return 0;
  const times = isWalk ? Math.ceil(failures / walk.length) : failures;
  const leastMs = payer === "job" ? 0 : PLATFORM_PAUSE_MIN_MS;
  return Math.max(leastMs, backoffMs(state.run.spec.retry.backoff, times, attempt.machineName));
}

function usedUp(payer: Payer, failures: number, { attempts }: RetryPolicy): { why: string | null } | null {
  if (payer === "job") {
    if (failures < attempts) return null;
    return { why: attempts > 1 ? `all ${attempts} attempts are used up` : null };
  }
  const [most, what] =
    payer === "capacity"
      ? ([CAPACITY_REFUSALS_MAX, "creates were refused"] as const)
      : ([PLATFORM_FAILURES_MAX, "machines failed"] as const);
  return failures < most ? null : { why: `${most} ${what}, which is as many as a run tries` };
}

function payerOf({ reason, limit }: Pick<Failure, "reason" | "limit">): Payer {
  if (reason === "no_capacity") return "capacity";
  return reason === "machine_lost" || limit === "boot" ? "platform" : "job";
}

/** Who paid for an earlier attempt; null for one that has not failed. */
function paid({ reason, limit }: Attempt): Payer | null {
  return reason === null ? null : payerOf({ reason, limit });
}

function usual({ reason, limit }: Failure): RetryAction {
  switch (reason) {
    case "exit_code":
    case "signal":
    case "out_of_memory":
    case "checkout_failed":
    case "machine_lost":
      return "same_size";
    case "no_capacity":
      return "next_region";
    case "timed_out":
      return limit === "boot" ? "same_size" : "stop";
    case "command_not_found":
    case "git_missing":
    case "image_unavailable":
    case "launch_refused":
    case "cancelled_by_user":
    case "superseded":
    case "dropped":
    case "expired":
      return "stop";
  }
}

/** Reasons that are the command's own end: only then are its code and signal what a rule can go by. */
const OWN_ENDS: readonly Reason[] = [
  "exit_code",
  "signal",
  "out_of_memory",
  "command_not_found",
  "git_missing",
  "checkout_failed",
];

/** Whether a rule is for an attempt that ended so. Of a run's rules the first that is counts. */
export function ruleFits(
  rule: Pick<RetryRule, "reasons" | "exitCodes" | "signals">,
  reason: Reason,
  exit: Exit | null,
): boolean {
  if ((rule.reasons as Reason[]).includes(reason)) return true;
  if (exit === null || !OWN_ENDS.includes(reason)) return false;
  if (exit.signal !== null && rule.signals.includes(exit.signal)) return true;
  return exit.code !== null && rule.exitCodes.includes(exit.code);
}

/**
 * The pause after a failure, in whole milliseconds.
 * @param times this one included
 * @param seed the same for the same attempt, so that whoever decides decides the same
 */
export function backoffMs(
  { initialMs, factor, maxMs, jitter }: Backoff,
  times: number,
  seed: string,
): number {
  const fullMs = Math.min(maxMs, initialMs * factor ** (times - 1));
  return Math.round(fullMs * (1 - jitter * shareOf(seed)));
}

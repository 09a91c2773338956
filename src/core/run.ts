/** A Run: one order to carry out a spec to a final outcome. Its row is the fold of its Events. */

import type { Attempt } from "./attempt.ts";
import type { RunUpstream } from "./chain/upstream.ts";
import type { RunDelivery } from "./hook/run-delivery.ts";
import type { RunJob } from "./job.ts";
import type { RunSpec } from "./run-spec.ts";
import type { RunFiring } from "./schedule/firing.ts";
import type { Ticket } from "./ticket.ts";

/**
 * Where a run is.
 * - `queued`: accepted, no attempt planned: it waits for its turn (`core/turn.ts`), or in line for a launch. The driver takes it
 *   out by planning an attempt, or when it expires or its queue limit passes.
 * - `starting`: an attempt has a Machine name; its Machine waits for its app's turn, is asked for, created or booting. Left when the Machine is
 *   started, when it can not be had, or by the boot limit.
 * - `running`: the Machine is started. Left when the command's end is known, the Machine is lost, or by the run limit.
 * - `retrying`: an attempt failed and another will be planned, at the time that the failed one's `next` tells, once its
 *   Machine is known to be gone and, where it has to wait for one, with a launch.
 * - `succeeded`, `failed`, `cancelled`: final. Nothing changes them.
 * If the driver dies in any of the first four, the minute's sweep or its alarm goes on from what is stored.
 */
export type RunStatus = (typeof RUN_STATUSES)[number];

export const RUN_STATUSES = [
  "queued",
  "starting",
  "running",
  "retrying",
  "succeeded",
  "failed",
  "cancelled",
] as const;

/** The statuses of a run that is over. */
export const FINAL_STATUSES = ["succeeded", "failed", "cancelled"] as const satisfies readonly RunStatus[];
export type FinalStatus = (typeof FINAL_STATUSES)[number];

/**
 * Why a run or an attempt ended as it did; null where it succeeded.
 * - `exit_code`: the command ended with a code that is not 0.
 * - `signal`: a signal ended the command.
 * - `out_of_memory`: the kernel killed the command for want of memory.
 * - `timed_out`: a limit of `timeouts` passed; `limit` names it.
 * - `git_missing`: the run has a checkout, and its image has no git.
 * - `checkout_failed`: git could not bring in the repository.
 * - `command_not_found`: the image has no such program, or it can not be executed.
 * - `no_capacity`: no host had room, or the organization has as many Machines at Fly as it may.
 * - `image_unavailable`: the image could not be had, or not be started, as the Machines API says at its create or in its events.
 * - `launch_refused`: the Machines API refused the Machine for another reason; `detail` quotes it.
 * - `machine_lost`: the Machine went away and nobody knows how its command ended, or why it was never started.
 * - `cancelled_by_user`: somebody asked for it.
 * - `superseded`: a newer run of its concurrency key asked for it (strategy `cancel_running`).
 * - `dropped`: its concurrency key had no free slot when it was due (strategy `drop_new`).
 * - `expired`: its turn had not come when `expires` had passed.
 */
export type Reason = (typeof REASONS)[number];

export const REASONS = [
  "exit_code",
  "signal",
  "out_of_memory",
  "timed_out",
  "command_not_found",
  "git_missing",
  "checkout_failed",
  "no_capacity",
  "image_unavailable",
  "launch_refused",
  "machine_lost",
  "cancelled_by_user",
  "superseded",
  "dropped",
  "expired",
] as const;

/** The reasons of runs that end as `cancelled`: nobody's failure. */
export const CANCEL_REASONS = [
  "cancelled_by_user",
  "superseded",
  "dropped",
  "expired",
] as const satisfies readonly Reason[];
export type CancelReason = (typeof CANCEL_REASONS)[number];

/** The limits that can pass: those of `timeouts` without a Machine, until it was started and with the command running, and a step's own. */
export type LimitName = (typeof LIMIT_NAMES)[number];

export const LIMIT_NAMES = ["queue", "boot", "run", "step"] as const;

/** How a command ended, as far as it is known. Nothing known is null, never 0. */
export interface Exit {
  code: number | null;
  /** "SIGKILL" …; null where no signal ended it. A shell can not tell `exit 137` from death by SIGKILL; both read as the signal. */
  signal: string | null;
  oomKilled: boolean;
}

/** What became of the run's output. */
export interface OutputSummary {
  stdoutBytes: number;
  stderrBytes: number;
  /** Bytes that the command wrote and that are not stored, past `OUTPUT_MAX_BYTES`. */
  droppedBytes: number;
  /** True once the run is settled with all of it stored; false before, and where bytes were dropped or nobody could fetch them. */
  complete: boolean;
}

export interface Run {
  id: string;
  orgId: string;
  /** Number of the last Event; the next one is `version + 1`. */
  version: number;
  status: RunStatus;
  /** Why it ended, and of a retrying run why its last attempt failed, so that lists can tell; null otherwise, and of a success. */
  reason: Reason | null;
  /** Which limit passed, with the reason `timed_out`; null with every other. */
  limit: LimitName | null;
  /** A sentence for people that goes with the reason; null where there is nothing to add. */
  detail: string | null;
  exit: Exit | null;
  spec: RunSpec;
  /** Epoch milliseconds, like every `…At`. */
  acceptedAt: number;
  /** It had all its slots: its first attempt was planned, or it stood in line for its launch. Null before. */
  turnAt: number | null;
  cancelRequestedAt: number | null;
  /** The newer run that asked for the cancel; null where somebody did, or nobody. */
  supersededBy: string | null;
  settledAt: number | null;
  updatedAt: number;
  /** Of all attempts that have ended. */
  output: OutputSummary;
  /**
   * Until then there is nothing to do for the run, unless it is cancelled or called: it waits for a time, in a line, or for its
   * launch. Null where it waits for none.
   */
  restsUntil: number | null;
  /** The run that this one repeats; null where it repeats none. */
  originId: string | null;
  /** The Job that it is a run of; null where its spec came inline. */
  job: RunJob | null;
  /** The due time of the job's schedule that it is for; null where a call submitted it. */
  firing: RunFiring | null;
  /** The delivery of one of the job's hooks that it is for, or that the run is for which this one repeats; null for every other. */
  delivery: RunDelivery | null;
  /** The run after which it was started, or the run was which this one repeats; null for every other. */
  upstream: RunUpstream | null;
  /** Its places in queues, in the order in which it got them. */
  tickets: Ticket[];
  /** True while something is left to do: the run is not final, or its Machine is not known to be gone. */
  open: boolean;
}

/** A run with its attempts, oldest first: all that a decision needs. */
export interface RunState {
  run: Run;
  attempts: Attempt[];
}

/** Epoch milliseconds before which the run's command is not to start; null for one that starts as soon as it can. */
export function startsAt({ firing }: Pick<Run, "firing">): number | null {
  return firing?.ahead?.startsAt ?? null;
}

/** True for a status that nothing changes any more. */
export function isFinal(status: RunStatus): status is FinalStatus {
  return (FINAL_STATUSES as readonly RunStatus[]).includes(status);
}

/** The attempt under way or the last one; null before the first is planned. */
export function currentAttempt(state: RunState): Attempt | null {
  return state.attempts.at(-1) ?? null;
}

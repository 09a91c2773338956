/** A run's status and reason in plain words. */

import type { AttemptBody, RunBody } from "../../api/run-schema.ts";
import { isFinal, type LimitName, type Reason, type RunStatus } from "../../core/run.ts";
import { visible } from "./body-text.ts";
import { memorySize } from "./what-runs.ts";

/** The word of each status, as badges and filters show it. */
export const STATUS_WORDS: Record<RunStatus, string> = {
  queued: "Queued",
  starting: "Starting",
  running: "Running",
  retrying: "Retrying",
  succeeded: "Succeeded",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** How the run stands, or how it ended, as one sentence without a full stop. */
export function outcomeSentence(run: RunBody): string {
  if (isFinal(run.status)) return run.reason === null ? "Succeeded" : endedBecause(run.reason, run);
  if (run.cancel_requested_at !== null) return "Being cancelled";
  if (run.waiting !== null && run.next_attempt === null) return waitingSentence(run.waiting);
  if (run.status === "queued") return "Waiting for its turn";
  if (run.status === "starting")
    return run.attempts.at(-1)?.created_at ? "Its machine is booting" : "Asking for a machine";
  return run.next_attempt !== null ? lastFailure(run) : "Running";
}

/** How the attempt ended that another one follows. */
function lastFailure({ attempts }: RunBody): string {
  const last = attempts.at(-1);
  return last ? `Attempt ${last.number} failed: ${attemptEnd(last)}` : "Waiting for its next attempt";
}

/** How a run or one of its attempts ended. */
type Ended = Pick<AttemptBody, "reason" | "exit_code" | "signal">;

/** Why a run ended, in few words for a list; "" where its status says it all. */
export function shortReason(run: Ended): string {
  switch (run.reason) {
    case "exit_code":
      return `exit code ${run.exit_code ?? "unknown"}`;
    case "signal":
      return run.signal ?? "ended by a signal";
    case "command_not_found":
      return isThere(run) ? "could not be executed" : "command not found";
    case "cancelled_by_user":
    case null:
      return "";
    default:
      return SHORT[run.reason];
  }
}

/** The run's own detail, where it tells more than {@link outcomeSentence}. */
export function furtherDetail(run: RunBody): string | null {
  // Which step it was only the detail tells.
  const isOfSteps = run.attempts.some(({ steps }) => steps.length > 0);
  return run.reason !== null && TOLD_IN_FULL.has(run.reason) && !isOfSteps ? null : run.detail;
}

const SHORT: Record<
  Exclude<Reason, "exit_code" | "signal" | "command_not_found" | "cancelled_by_user">,
  string
> = {
  out_of_memory: "out of memory",
  git_missing: "no git in the image",
  checkout_failed: "checkout failed",
  timed_out: "timed out",
  no_capacity: "no capacity",
  image_unavailable: "image unavailable",
  launch_refused: "launch refused",
  machine_lost: "machine lost",
  superseded: "superseded",
  dropped: "dropped",
  expired: "expired",
};

/** Reasons of which the sentence says all that the detail does. */
const TOLD_IN_FULL: ReadonlySet<Reason> = new Set(["exit_code", "signal", "out_of_memory", "timed_out"]);

function endedBecause(reason: Reason, run: RunBody): string {
  switch (reason) {
    case "exit_code":
      return `Exited with code ${run.exit_code ?? "unknown"}`;
    case "signal":
      return run.signal === "SIGKILL" ? "Killed by SIGKILL" : `Ended by ${run.signal ?? "a signal"}`;
    case "out_of_memory":
      return `Ran out of memory: its machine has ${memorySize((run.attempts.at(-1) ?? run).machine.memory_mb)}`;
    case "timed_out":
      return limitPassed(run);
    case "command_not_found":
      return isThere(run) ? "The command could not be executed" : "The command could not be started";
    case "git_missing":
      return "Its image has no git, which a checkout needs";
    case "checkout_failed":
      return "The repository could not be checked out";
    case "no_capacity":
      return "There was no room for its machine";
    case "image_unavailable":
      return "The image could not be had";
    case "launch_refused":
      return "The machine was refused";
    case "machine_lost":
      return "The machine was lost; how the command ended is not known";
    case "cancelled_by_user":
      return "Cancelled";
    case "superseded":
      return "A newer run took its place";
    case "dropped":
      return "No slot was free for it";
    case "expired":
      return "Its turn did not come in time";
  }
}

/** Why a run waits, in few words for a list; "" where it does not. */
export function shortWaiting(waiting: RunBody["waiting"]): string {
  switch (waiting?.for) {
    case "concurrency":
    case "organization":
    case "schedule":
      return "in line";
    case "run_at":
      return "not due yet";
    case "launch":
      return "waiting for its launch";
    default:
      return "";
  }
}

/** Why a run waits, as a sentence without a full stop. */
function waitingSentence({ for: what, key, place, running }: NonNullable<RunBody["waiting"]>): string {
  if (what === "run_at") return "Waiting for its time";
  if (what === "retry") return "Waiting for its next attempt";
  if (what === "launch")
    return place === null ? "Waiting for its app's turn" : `Waiting for its launch, number ${place} in line`;
  const where = key === null ? "" : ` of ${key}`;
  if (place === null || running === null) return `Waiting for a slot${where}`;
  const others = running + place - 1;
  return `Waiting for ${others === 1 ? "another run" : `${others} other runs`}${where}`;
}

/** Of a command that could not be started: whether its program is there, by the code that shells give. */
function isThere(run: Ended): boolean {
  return run.exit_code === 126;
}

function limitPassed(run: RunBody): string {
  switch (run.limit ?? limitOf(run)) {
    case "queue":
      return `No machine within its queue limit of ${run.timeouts.queue}`;
    case "boot":
      return `Its machine was not up within its boot limit of ${run.timeouts.boot}`;
    case "run":
      return `Ran past its limit of ${run.timeouts.run}`;
    case "step":
      return stepLimitPassed(run);
  }
}

function stepLimitPassed({ attempts }: RunBody): string {
  const step = attempts.at(-1)?.steps.find(({ timed_out }) => timed_out);
  return step ? `Its step "${visible(step.name)}" ran past its limit` : "A step of it ran past its limit";
}

/** A run of before limits had names shows in how far it came which of them it was. */
function limitOf(run: RunBody): LimitName {
  const last = run.attempts.at(-1);
  if (!last?.created_at) return "queue";
  return last.started_at ? "run" : "boot";
}

/** How an attempt of several ended, in few words; "" where it has not. */
export function attemptEnd(attempt: AttemptBody): string {
  if (attempt.settled_at === null) return "";
  if (attempt.reason === null) return "succeeded";
  const limit = attempt.limit === null ? "" : ` (${attempt.limit} limit)`;
  return `${shortReason(attempt) || "cancelled"}${limit}`;
}

/** What an ended command means for its run: status, reason and a sentence for people. */

import type { Attempt } from "./attempt.ts";
import { missingInPath } from "./command-path.ts";
import { formatDuration } from "./duration.ts";
import type { Exit, FinalStatus, LimitName, Reason, Run } from "./run.ts";
import type { Concurrency, RunSpec } from "./run-spec.ts";
import { type Checkout, isCutCommit } from "./step/checkout.ts";
import { GIT_ADVICE, GIT_MISSING_CODE } from "./step/checkout-script.ts";
import { firstFailed } from "./step/record.ts";
import { plannedSteps } from "./step/spec.ts";

/** The end of a run in its words. */
export interface Ending {
  status: FinalStatus;
  reason: Reason | null;
  /** Which limit passed, with the reason `timed_out`. */
  limit: LimitName | null;
  detail: string | null;
}

/** The end of a run that somebody cancelled. */
export const CANCELLED: Ending = {
  status: "cancelled",
  reason: "cancelled_by_user",
  limit: null,
  detail: null,
};

/** The end of a run that was asked to cancel, by somebody or by a newer run. */
export function cancelledEnding({ supersededBy }: Pick<Run, "supersededBy">): Ending {
  return supersededBy === null
    ? CANCELLED
    : { ...CANCELLED, reason: "superseded", detail: `the newer run ${supersededBy} took its place` };
}

/** The end of a run that finds no free slot and is not to wait for one. */
export function dropped({ key, limit }: Concurrency): Ending {
  const others = limit === 1 ? "another run has" : `${limit} others have`;
  return { ...CANCELLED, reason: "dropped", detail: `${others} the concurrency key ${key}` };
}

/** The end of a scheduled run that comes to its turn, after a delay of its own, while the one before is at work. */
export function skipped(): Ending {
  return { ...CANCELLED, reason: "dropped", detail: "the schedule's previous run was still at work" };
}

/** The end of a run whose turn did not come in time. */
export function expired({ expiresMs }: Pick<RunSpec, "expiresMs">): Ending {
  const detail = `its turn had not come after ${formatDuration(expiresMs)}`;
  return { ...CANCELLED, reason: "expired", detail };
}

/** The end of an attempt that failed, for another reason than a limit that passed. */
export function failed(reason: Exclude<Reason, "timed_out">, detail: string): Ending {
  return { status: "failed", reason, limit: null, detail };
}

/** The end of an attempt of which a limit passed. */
export function timedOut(limit: LimitName, limitMs: number, what: string): Ending {
  return {
    status: "failed",
    reason: "timed_out",
    limit,
    detail: `${what} after ${limit === "step" ? "its" : `the ${limit}`} limit of ${formatDuration(limitMs)}`,
  };
}

/**
 * The detail of an attempt that ended without a Machine that anybody saw: what it says, and what the Machines API answered last,
 * without which nobody could tell why.
 * @param isOpen whether there may have been a Machine all the same
 */
export function unseenDetail(
  detail: string | null,
  { isOpen, uncertainCreates, answer }: { isOpen: boolean; uncertainCreates: number; answer: string | null },
): string | null {
  const creates = uncertainCreates === 1 ? "a create was" : `${uncertainCreates} creates were`;
  const open = uncertainCreates === 0 ? "one was asked for" : `${creates} left open`;
  const parts = [
    detail,
    isOpen ? `a machine may have been made and was not seen: ${open}` : null,
    answer !== null && !detail?.includes(answer) ? `the last answer was: ${answer}` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join("; ");
}

/** How a command ended, as the runner or the Machine tells it. */
export interface CommandEnd {
  exit: Exit;
  /** The run limit passed and the command was stopped for it. */
  timedOut: boolean;
  /** Why there was no command to run; null where there was one. */
  commandMissing: string | null;
}

/**
 * The outcome of a command's end. A command that was told to stop because of a cancel counts as cancelled whatever it
 * answered; one that ended well before the cancel reached it counts as what it is.
 */
export function outcomeOf(run: Run, attempt: Attempt, end: CommandEnd): Ending {
  const { code, signal, oomKilled } = end.exit;
  const succeeded = code === 0 && signal === null && !end.timedOut;
  if (run.cancelRequestedAt !== null && (attempt.stopRequestedAt !== null || !succeeded))
    return cancelledEnding(run);
  if (end.commandMissing !== null)
    return failed("command_not_found", missingInPath(run.spec, code) ?? end.commandMissing);
  if (end.timedOut) return timedOut("run", run.spec.timeouts.runMs, "the command was still running");
  if (oomKilled)
    return failed("out_of_memory", `the machine has ${attempt.machineConfig.guest.memoryMb} MB of memory`);
  const ofStep = succeeded ? null : endingOfStep(run, attempt, end.exit);
  if (ofStep !== null) return ofStep;
  if (signal !== null) return failed("signal", `the command was ended by ${signal}`);
  if (code === null) return failed("machine_lost", "the machine ended and left no exit code");
  return succeeded
    ? { status: "succeeded", reason: null, limit: null, detail: null }
    : failed("exit_code", `the command exited with ${code}`);
}

/** Where a step decided how the run ended: the first that failed. Null where none did, as far as is known. */
function endingOfStep({ spec, delivery }: Run, attempt: Attempt, { signal }: Exit): Ending | null {
  const failure = firstFailed(plannedSteps(spec), attempt.steps);
  if (failure === null) return null;
  const { step, record } = failure;
  const name = `the step ${JSON.stringify(step.name)}`;
  if (record.timedOut) return timedOut("step", step.timeoutMs ?? 0, `${name} was still running`);
  if (step.does.kind === "checkout")
    return record.exitCode === GIT_MISSING_CODE
      ? failed("git_missing", `the image has no git, which a checkout needs; ${GIT_ADVICE}`)
      : failed(
          "checkout_failed",
          [
            `git could not check out ${step.does.checkout.repository}: see the output of ${name}`,
            ...whyOfCheckout(step.does.checkout, delivery),
          ].join("; "),
        );
  return signal !== null
    ? failed("signal", `${name} was ended by ${signal}`)
    : failed("exit_code", `${name} exited with ${record.exitCode}`);
}

/** What git does not say of why. */
function whyOfCheckout({ ref }: Checkout, delivery: Run["delivery"]): string[] {
  return [
    ...(delivery?.isWithoutSecrets
      ? [
          "what its delivery is about is, or may be, from a fork, so the run has no secrets, and no token for a repository that is private",
        ]
      : []),
    ...(ref !== null && isCutCommit(ref)
      ? [`if ${JSON.stringify(ref)} is a commit, its whole id of 40 or 64 characters is needed`]
      : []),
  ];
}

/** How a run's end reads where it was started: the exit code, and a sentence where the code alone does not tell. */

import type { RunBody } from "../api/run-schema.ts";
import { signalNumber } from "../core/signals.ts";
import type { Interrupt } from "./interrupts.ts";

/** Codes as timeout(1), docker-run(1) and shells use them. */
export const RUN_EXIT = {
  timedOut: 124,
  notStarted: 125,
  notFound: 127,
  killed: 137,
  hungUp: 129,
  interrupted: 130,
  brokenPipe: 141,
  terminated: 143,
} as const;

/** The exit code of a command that was ended by each, as a shell has it. */
export const INTERRUPTED_EXIT: Record<Interrupt, number> = {
  SIGHUP: RUN_EXIT.hungUp,
  SIGINT: RUN_EXIT.interrupted,
  SIGPIPE: RUN_EXIT.brokenPipe,
  SIGTERM: RUN_EXIT.terminated,
};

/**
 * The exit code of a final run.
 * @param cancelledBy what made this very command ask for the cancel
 */
export function exitCodeOf(run: RunBody, cancelledBy: Interrupt | null): number {
  switch (run.reason) {
    case null:
      return run.exit_code ?? 0;
    case "exit_code":
    case "git_missing":
    case "checkout_failed":
      return run.exit_code ?? RUN_EXIT.notStarted;
    case "signal":
      return 128 + (signalNumber(run.signal ?? "") ?? 9);
    case "out_of_memory":
      return run.signal === null && run.exit_code !== null && run.exit_code !== 0
        ? run.exit_code
        : RUN_EXIT.killed;
    case "timed_out":
      return hadStarted(run) ? RUN_EXIT.timedOut : RUN_EXIT.notStarted;
    case "command_not_found":
      return run.exit_code === 126 ? run.exit_code : RUN_EXIT.notFound;
    case "cancelled_by_user":
      return INTERRUPTED_EXIT[cancelledBy ?? "SIGTERM"];
    case "superseded":
      return RUN_EXIT.terminated;
    default:
      return RUN_EXIT.notStarted;
  }
}

/** Why the run ended as it did, without a full stop; null where its own exit code says all. */
export function endSentence(run: RunBody): string | null {
  switch (run.reason) {
    case null:
      return null;
    case "exit_code":
      // Which step it was the code alone does not tell.
      return run.attempts.at(-1)?.steps.length ? run.detail : null;
    case "signal":
      return `the command was ended by ${run.signal ?? "a signal"}`;
    case "out_of_memory":
      return `the command ran out of memory: ${run.detail ?? `its machine has ${run.machine.memory_mb} MB`}`;
    case "cancelled_by_user":
      return "the run was cancelled";
    default:
      return `${SENTENCES[run.reason] ?? run.reason}${run.detail === null ? "" : `: ${run.detail}`}`;
  }
}

const SENTENCES: Record<string, string> = {
  timed_out: "a time limit passed",
  command_not_found: "the command could not be started",
  git_missing: "the image has no git",
  checkout_failed: "the repository could not be checked out",
  no_capacity: "no host had room for the machine",
  image_unavailable: "the image could not be had",
  launch_refused: "the machine was refused",
  machine_lost: "the machine was lost and how the command ended is not known",
  superseded: "a newer run of its concurrency key ended it",
  dropped: "no slot was free for it",
  expired: "it waited for too long",
};

/** Whether it was the command that took too long: of several attempts the last one tells. */
function hadStarted(run: RunBody): boolean {
  return run.limit === null
    ? run.attempts.at(-1)?.started_at != null
    : run.limit === "run" || run.limit === "step";
}

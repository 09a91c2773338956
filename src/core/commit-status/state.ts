/** The state of a commit as a run's events make it, in words that each source has its own for, and the sentence that goes with it. */

import { toldDuration } from "../duration.ts";
import type { Settled } from "../event.ts";
import { COMMIT_STATUS_DESCRIPTION_MAX_CHARS } from "../limits.ts";
import type { ToldRunEvent } from "../notification/fact.ts";
import type { Reason } from "../run.ts";

/**
 * - `pending`: the run is accepted, and waits or starts.
 * - `running`: a machine runs it.
 * - `success`, `failure`: the command ended.
 * - `error`: nobody knows what the command would have come to.
 * - `cancelled`: nobody wants to know any more.
 */
export const COMMIT_STATES = ["pending", "running", "success", "failure", "error", "cancelled"] as const;
export type CommitState = (typeof COMMIT_STATES)[number];

export interface ToldState {
  state: CommitState;
  description: string;
}

/** What a repository that everybody may see is told of a reason. */
const WORDS: Record<Reason, string> = {
  exit_code: "Failed",
  signal: "Ended by a signal",
  out_of_memory: "Out of memory",
  timed_out: "Timed out",
  command_not_found: "Command not found",
  git_missing: "The image has no git",
  checkout_failed: "The repository could not be checked out",
  no_capacity: "No machine could be had",
  image_unavailable: "The image could not be had",
  launch_refused: "The machine was refused",
  machine_lost: "The machine was lost",
  cancelled_by_user: "Cancelled",
  superseded: "Cancelled for a newer run",
  dropped: "Not run: another was at work",
  expired: "Not run: its turn did not come in time",
};

/** Reasons that are the command's own doing; any other failure says nothing of the commit. */
const OWN: ReadonlySet<Reason> = new Set([
  "exit_code",
  "signal",
  "out_of_memory",
  "timed_out",
  "command_not_found",
]);

/**
 * @param startedAt when the run's last machine started; null where none has
 * @returns null of what changes no commit's state: an attempt that another follows
 */
export function commitStateOf(event: ToldRunEvent, startedAt: number | null): ToldState | null {
  switch (event.type) {
    case "accepted":
      return { state: "pending", description: "Waiting to run" };
    case "machine_started":
      return {
        state: "running",
        description: event.attempt > 1 ? `Running, attempt ${event.attempt}` : "Running",
      };
    case "attempt_failed":
      return null;
    case "settled":
      return settledState(event, startedAt);
  }
}

function settledState(event: Settled, startedAt: number | null): ToldState {
  const { status, reason, limit, detail, at } = event;
  const took =
    startedAt === null ? null : toldDuration(Math.max(1, Math.round((at - startedAt) / 1000)) * 1000);
  if (status === "succeeded")
    return { state: "success", description: took === null ? "Succeeded" : `Succeeded in ${took}` };
  const words = reason === null ? "Failed" : WORDS[reason];
  if (status === "cancelled") return { state: "cancelled", description: words };
  const isOwn = reason !== null && OWN.has(reason) && limit !== "queue" && limit !== "boot";
  // What went wrong outside of the command can quote what is not for everybody.
  const why = isOwn && detail !== null ? `${words}: ${detail}` : words;
  const whole = took === null || !isOwn ? why : `${why} (after ${took})`;
  return { state: isOwn ? "failure" : "error", description: oneLine(fits(whole) ? whole : why) };
}

function fits(text: string): boolean {
  return Array.from(text).length <= COMMIT_STATUS_DESCRIPTION_MAX_CHARS;
}

/** Within what GitHub takes, which counts characters and not their halves. */
function oneLine(text: string): string {
  const characters = Array.from(text.replaceAll(/\p{Cc}+/gu, " ").trim());
  return characters.length <= COMMIT_STATUS_DESCRIPTION_MAX_CHARS
    ? characters.join("")
    : `${characters.slice(0, COMMIT_STATUS_DESCRIPTION_MAX_CHARS - 1).join("")}…`;
}

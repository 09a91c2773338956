/** Asking a run to end because this command is to end here. */

import type { Client } from "../../api-client.ts";
import { ApiError } from "../../api-error.ts";
import { LOST_CONTACT_MAX_MS } from "../../follow.ts";
import type { Interrupt } from "../../interrupts.ts";
import type { Io } from "../../io.ts";
import { retried } from "../../retried.ts";
import { span } from "../../spans.ts";

export interface CancelRequest {
  /** Whether Mayfly is known to have taken it, or to need it no more. */
  accepted: boolean;
}

/**
 * Asks, and tells so, again and again until the signal aborts: a Mayfly that is away must not mean a run that goes on. Never
 * fails: the follower goes on and tells what became of the run.
 * @param tell prints a line for the person at the terminal
 * @param by what is to end this command
 */
export function requestCancel(
  client: Client,
  io: Pick<Io, "sleep">,
  runId: string,
  tell: (line: string) => Promise<void>,
  signal: AbortSignal,
  by: Interrupt,
): CancelRequest {
  const request: CancelRequest = { accepted: false };
  void ask().catch(() => undefined);
  return request;

  async function ask(): Promise<void> {
    const why = by === "SIGPIPE" ? "its output is read no more: " : "";
    const ctrlC = by === "SIGINT" ? "a second Ctrl-C" : "Ctrl-C";
    await tell(`${why}asking ${runId} to cancel and waiting for its end; ${ctrlC} ends the waiting`);
    let missed = false;
    const onFirstFailure = async (error: Error) => {
      missed = true;
      await tell(
        `the cancel is not accepted yet: ${error.message}; trying again for up to ${span(LOST_CONTACT_MAX_MS)}; ${ctrlC} leaves ${runId} as it is and ends this command`,
      );
    };
    try {
      await retried(io, () => client.cancel(runId, signal), {
        tries: Number.POSITIVE_INFINITY,
        signal,
        onFirstFailure,
      });
      request.accepted = true;
      if (missed) await tell("the cancel is accepted");
    } catch (error) {
      if (signal.aborted) return;
      // A run that ended meanwhile needs no cancel.
      request.accepted = error instanceof ApiError && error.code === "run_is_final";
      if (!request.accepted)
        await tell(`the cancel was not accepted: ${error instanceof Error ? error.message : error}`);
    }
  }
}

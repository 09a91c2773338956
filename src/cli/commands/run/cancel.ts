/** Asking a run to end because somebody pressed Ctrl-C here. */

import type { Client } from "../../api-client.ts";
import { ApiError } from "../../api-error.ts";
import { type Io, say } from "../../io.ts";
import { retried } from "../../retried.ts";

/** Asks, and says so. Never fails: the follower goes on and tells what became of the run. */
export async function requestCancel(client: Client, io: Io, runId: string): Promise<void> {
  await say(io, `asking ${runId} to cancel; a second Ctrl-C leaves it running`).catch(() => undefined);
  try {
    await retried(io, () => client.cancel(runId));
  } catch (error) {
    // A run that ended meanwhile needs no cancel.
    if (error instanceof ApiError && error.code === "run_is_final") return;
    await say(io, `the cancel was not accepted: ${error instanceof Error ? error.message : error}`).catch(
      () => undefined,
    );
  }
}

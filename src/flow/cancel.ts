/** Cancel: somebody asks a run to end. The wish is recorded; the driver carries it out. */

import { AppError, RunIsFinal } from "../core/error.ts";
import { applyEvents } from "../core/lifecycle.ts";
import { isFinal, type RunState } from "../core/run.ts";
import type { Clock, Drivers, Store } from "./ports.ts";

/** Writers that may come first before this one gives up: each of them moved the run on, and a run has few events. */
const TRIES = 10;

/**
 * Asks a run to cancel; asking twice is asking once.
 * @param supersededBy the newer run of the same concurrency key that asks; null where somebody does
 * @throws AppError `not_found`; RunIsFinal
 */
export async function cancel(
  ports: { store: Store; drivers: Pick<Drivers, "nudge">; clock: Clock },
  runId: string,
  supersededBy: string | null = null,
): Promise<RunState> {
  for (let tries = 0; tries < TRIES; tries++) {
    const state = await ports.store.load(runId);
    if (state === null) throw new AppError("not_found", `there is no run ${runId}`);
    const { status } = state.run;
    if (isFinal(status)) throw new RunIsFinal(status);
    if (state.run.cancelRequestedAt !== null) return state;
    const at = ports.clock.now();
    const event = { type: "cancel_requested" as const, at, ...(supersededBy !== null && { supersededBy }) };
    if (applyEvents(state, [event]) === null) throw new Error(`a ${status} run refuses to be cancelled`);
    const after = await ports.store.record(state, [event], []);
    if (after === null) continue;
    // A driver that does not hear it finds the wish when it next looks.
    await ports.drivers.nudge(runId).catch(() => undefined);
    return after;
  }
  throw new AppError("unavailable", "the run is changing too fast to be cancelled right now; try again");
}

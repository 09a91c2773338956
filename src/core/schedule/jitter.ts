/** When the run of a due time starts: schedules that are due together need not start together. */

import { PUNCTUAL_LEAD_MS } from "../limits.ts";
import { shareOf } from "../poll.ts";
import type { Schedule } from "./schedule.ts";

/** Epoch milliseconds; the same whoever asks, and with each due time another share of the jitter. */
export function startOf({ id, jitterMs }: Pick<Schedule, "id" | "jitterMs">, dueAt: number): number {
  // The due time goes last and its seconds spread what comes before: ids that differ in one letter are far apart.
  return dueAt + Math.floor(shareOf(`${id} ${dueAt}`) * jitterMs);
}

/** How long before that its run is accepted. */
export function leadMs({ punctual }: Pick<Schedule, "punctual">): number {
  return punctual === true ? PUNCTUAL_LEAD_MS : 0;
}

/** Due times that nobody wants, since their schedule rests, or rested then. */

import type { Place, Schedule } from "./schedule.ts";

/** From `from` on, and before `to`: epoch milliseconds, infinity while it lasts. */
export interface Pause {
  from: number;
  to: number;
}

/** The last pause, as far as it matters to due times; an empty one where there was none, or where it counts as an outage. */
export function pauseOf(
  { catchUp }: Pick<Schedule, "catchUp">,
  { pausedAt, resumedAt }: Place,
  nowMs: number,
): Pause {
  if (pausedAt === null) return { from: 0, to: 0 };
  if (resumedAt === null) return { from: pausedAt, to: Number.POSITIVE_INFINITY };
  if (catchUp.afterPause) return { from: 0, to: 0 };
  // By a clock ahead it can have ended later than now, and must not go on until then.
  return { from: pausedAt, to: Math.min(resumedAt, nowMs) };
}

export function isWithin({ from, to }: Pause, dueAt: number): boolean {
  return from <= dueAt && dueAt < to;
}

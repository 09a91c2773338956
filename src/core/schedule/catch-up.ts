/**
 * From when on what nobody came in time for can be made good. It is asked by whoever decides due times and by whoever starts what was
 * armed before, so that it makes no difference to a due time whether it was armed when an outage began.
 */

import type { Pause } from "./pause.ts";
import type { Schedule } from "./schedule.ts";

/** Epoch milliseconds: what was due before that is missed, whatever the mode; infinity in a pause. */
export function caughtUpSince({ catchUp }: Pick<Schedule, "catchUp">, pause: Pause, nowMs: number): number {
  const windowFrom = nowMs - catchUp.windowMs;
  // What was missed before a pause is not news any more after it, unless the pause is an outage like any other.
  return catchUp.afterPause ? windowFrom : Math.max(windowFrom, pause.to);
}

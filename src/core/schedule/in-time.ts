/**
 * Whether somebody who comes late for a due time comes in time all the same. Within `SCHEDULE_PROMPT_MS` that is a hiccup. Later, up to
 * `SCHEDULE_GRACE_MS`, it is so for the schedule's newest due time alone: after a break of 100 seconds a schedule of each ten is to run
 * once, for the newest, and not for the oldest, whose run the newer ones would be skipped for. What is later was in an outage.
 *
 * By the rule's times alone, so that the answer is the same whichever of them somebody has at hand, and decided before.
 */

import { SCHEDULE_GRACE_MS, SCHEDULE_PROMPT_MS } from "../limits.ts";
import { nextDue } from "./due.ts";
import { startOf } from "./jitter.ts";
import { isWithin, type Pause } from "./pause.ts";
import type { Schedule } from "./schedule.ts";

/**
 * @param sinceMs since when it could be started
 * @param newer a later due time that has come, where the rule in force does not name it
 */
export function isInTime(
  schedule: Schedule,
  pause: Pause,
  dueAt: number,
  sinceMs: number,
  nowMs: number,
  newer: number | null = null,
): boolean {
  const lateMs = nowMs - sinceMs;
  if (lateMs <= SCHEDULE_PROMPT_MS) return true;
  if (lateMs > SCHEDULE_GRACE_MS) return false;
  const startsAt = startOf(schedule, dueAt);
  const hasStarted = (other: number | null) => {
    const otherStartsAt = other === null ? startsAt : startOf(schedule, other);
    return otherStartsAt > startsAt && otherStartsAt <= nowMs;
  };
  return !hasStarted(newer) && !hasStarted(nextWanted(schedule, pause, dueAt));
}

/** The next due time after one that somebody wants: what comes due in a pause takes nothing's place. */
export function nextWanted(schedule: Schedule, pause: Pause, dueAt: number): number | null {
  const next = nextDue(schedule, dueAt);
  if (next === null || !isWithin(pause, next)) return next;
  return Number.isFinite(pause.to) ? nextDue(schedule, pause.to - 1) : null;
}

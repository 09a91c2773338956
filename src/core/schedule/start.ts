/** What is done about armed firings when somebody comes to start them, which after an outage can be late. */

import { SCHEDULE_GRACE_MS, SCHEDULE_SLOW_MAX_MS } from "../limits.ts";
import { nextDue } from "./due.ts";
import { leadMs, startOf } from "./jitter.ts";
import { isWithin, pauseOf } from "./pause.ts";
import type { ArmedFiring, Place, Schedule } from "./schedule.ts";

/**
 * `ran` and `caught_up` go with a run, which is submitted in the batch that records them. One that is `ahead` is submitted now, so that
 * its Machine is made by the time it is to start; one that is `early` is left until then, and decided anew. One that is `not_due` is of
 * a rule that was changed before its time, and goes with it.
 */
export type StartedFiring =
  | { dueAt: number; outcome: "ran" | "caught_up" }
  | { dueAt: number; outcome: "missed" | "paused" | "not_due" }
  | { dueAt: number; outcome: "ahead" | "early"; startsAt: number };

/**
 * Whether a firing is met, if late: somebody was there in time to start it, and only had too much to start. Where nobody was, that
 * is an outage, as before it was armed.
 * @param atWorkSince since when its timekeeper is at work without a break, up to now
 */
export function isMet(startAt: number, atWorkSince: number, nowMs: number): boolean {
  return atWorkSince <= startAt + SCHEDULE_GRACE_MS && nowMs <= startAt + SCHEDULE_SLOW_MAX_MS;
}

/**
 * What becomes of those armed firings of one schedule whose time has come; those of a later time are left out.
 * @param place tells of the pause that lasts, or of the last one: whoever is late comes after it for what was due in it
 * @param atWorkSince as for {@link isMet}
 */
export function startArmed(
  schedule: Schedule,
  armed: readonly ArmedFiring[],
  place: Place,
  nowMs: number,
  atWorkSince: number,
): StartedFiring[] {
  const { mode, windowMs } = schedule.catchUp;
  const pause = pauseOf(schedule, place, nowMs);
  const ready = armed.filter(({ startAt }) => startAt <= nowMs).toSorted((a, b) => a.dueAt - b.dueAt);
  return ready.map(({ dueAt, startAt }, index) => {
    const startsAt = startOf(schedule, dueAt);
    // Its run was accepted ahead, and gave it back since the rule is another one by now.
    if (dueAt > place.countsFrom && nextDue(schedule, dueAt - 1) !== dueAt)
      return { dueAt, outcome: "not_due" };
    const isPaused = isWithin(pause, dueAt);
    // Who ends a pause until then wants it run, so that is for its time to decide; it may also have been punctual, or spread less.
    if (nowMs < startsAt)
      return { dueAt, outcome: leadMs(schedule) > 0 && !isPaused ? "ahead" : "early", startsAt };
    if (isPaused) return { dueAt, outcome: "paused" };
    if (isMet(Math.max(startAt, startsAt), atWorkSince, nowMs))
      return { dueAt, outcome: outcomeOfStart(schedule, dueAt, startAt) };
    const isWanted = mode === "all" || (mode === "latest" && index === ready.length - 1);
    return { dueAt, outcome: isWanted && dueAt >= nowMs - windowMs ? "caught_up" : "missed" };
  });
}

/** By when it was armed for: what was armed too late was armed to be caught up. */
function outcomeOfStart(schedule: Schedule, dueAt: number, startAt: number): "ran" | "caught_up" {
  return startAt <= startOf(schedule, dueAt) + SCHEDULE_GRACE_MS ? "ran" : "caught_up";
}

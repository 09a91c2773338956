/**
 * What becomes of a schedule's due times. Whoever looks after schedules (the minute's cron) asks this, adds the answer to the ledger and
 * moves the schedule's place, in one batch. It can be asked at any time, late, twice or not at all for days.
 *
 * - A due time ahead, or one that this comes in time for (`in-time.ts`), is armed.
 * - One that is later was missed in an outage. `catchUp` says whether it is armed all the same.
 * - One within a pause is recorded as paused, unless `catchUp.afterPause` makes an outage of the pause.
 *
 * **Clocks.** The lock is the ledger's key, one row for each due time; the place only saves looking at rows again. So the answer is
 * added with these rules:
 * - a due time that has a row keeps it, with two exceptions. `missed` and `paused` give way to `armed`: only a clock that was ahead, or a
 *   pause that ended before, can have said either of a time that can still be armed. `paused` gives way to `missed`, after such a pause. An armed one that is armed again keeps the earlier start, likewise;
 * - a row of several due times (`count` above one) is no due time's own and has a key of its own. What it tells of a due time holds
 *   where that has no row itself. Of two that begin together the longer one stays.
 *
 * The place moves forward, with one exception: one that lies further ahead than any clock that is right can have put it was put there by
 * a clock that was not, and is taken back so far that what can still start in time is decided anew, but not to before its rule was there
 * (`countsFrom`). Due times up to there are decided anew, and those that have their run keep it. A
 * clock that is set years ahead and back again thus makes no due time run twice, and silences no schedule: those that it called
 * missed are armed when they come. {@link isAhead} tells such a place, for whoever looks for those whose next due time is far off for that reason.
 *
 * What can still go wrong: a clock that is further behind than that takes what is right for what a clock ahead has said. What was missed
 * lately can then run after all, once, and a schedule that is younger than the clock is behind can run for a time before it was there.
 */

import {
  DUE_TIMES_WEIGHED_MAX,
  PASSED_COUNTED_MAX,
  PASSED_ROWS_MAX,
  SCHEDULE_AHEAD_MS,
  SCHEDULE_CLOCK_TRUST_MS,
  SCHEDULE_GRACE_MS,
} from "../limits.ts";
import { dueTimes, lastDue, nextDue } from "./due.ts";
import { isInTime } from "./in-time.ts";
import { leadMs, startOf } from "./jitter.ts";
import { isWithin, type Pause, pauseOf } from "./pause.ts";
import type { DecidedFiring, PassedFiring, Place, Schedule, Timing } from "./schedule.ts";

export interface Decision {
  /** In the order of their due times. */
  firings: DecidedFiring[];
  /** The schedule's new place. */
  decidedTo: number;
  /** Epoch milliseconds of the first due time that is not decided; in the past where more are left for the next time. Null: none. */
  nextDueAt: number | null;
}

/** The place of a schedule that begins to count at a moment: a new one, one with another rule. */
export function placeFrom(atMs: number): Place {
  return { decidedTo: atMs, countsFrom: atMs, pausedAt: null, resumedAt: null };
}

/** Whether the place was put there by a clock that was ahead. */
export function isAhead(decidedTo: number, nowMs: number): boolean {
  return decidedTo > nowMs + SCHEDULE_AHEAD_MS + SCHEDULE_CLOCK_TRUST_MS;
}

/** What is to be recorded of a schedule's due times up to `SCHEDULE_AHEAD_MS` from now. While it is paused, nothing. */
export function decide(schedule: Schedule, place: Place, nowMs: number): Decision {
  const decidedTo = decidedBefore(schedule, place, nowMs);
  if (place.pausedAt !== null && place.resumedAt === null) return { firings: [], decidedTo, nextDueAt: null };
  const pause = pauseOf(schedule, place, nowMs);
  const caughtUpFrom = firstCaughtUp(schedule, pause, decidedTo, nowMs);

  // What nothing can start any more is passed over in spans, however much it is.
  const passedTo = Math.max(
    decidedTo,
    Math.min(caughtUpFrom - 1, nowMs - SCHEDULE_GRACE_MS - schedule.jitterMs - 1),
  );
  const firings: DecidedFiring[] = passedOver(schedule, pause, decidedTo, passedTo);

  const weighedTo = Math.max(passedTo, nowMs + SCHEDULE_AHEAD_MS);
  const weighed = dueTimes(schedule, passedTo, weighedTo, DUE_TIMES_WEIGHED_MAX);
  for (const dueAt of weighed) firings.push(weigh(schedule, pause, caughtUpFrom, dueAt, nowMs));

  const newPlace = weighed.length < DUE_TIMES_WEIGHED_MAX ? weighedTo : (weighed.at(-1) ?? weighedTo);
  return { firings, decidedTo: newPlace, nextDueAt: nextDue(schedule, newPlace) };
}

/** How far due times need not be looked at again. */
function decidedBefore({ jitterMs }: Schedule, { decidedTo, countsFrom }: Place, nowMs: number): number {
  if (!isAhead(decidedTo, nowMs))
    return isAhead(countsFrom, nowMs) ? decidedTo : Math.max(countsFrom, decidedTo);
  // A clock that was ahead can have put the rule, too.
  return isAhead(countsFrom, nowMs) ? nowMs : Math.max(countsFrom, nowMs - SCHEDULE_GRACE_MS - jitterMs);
}

/** The first moment whose due times are run though they are too late; infinity where none is. */
function firstCaughtUp(schedule: Schedule, pause: Pause, decidedTo: number, nowMs: number): number {
  const { mode, windowMs } = schedule.catchUp;
  // What was missed before a pause is not news any more after it.
  const earliest = Math.max(decidedTo + 1, nowMs - windowMs, pause.to);
  if (mode === "all") return earliest;
  const latest = mode === "latest" ? lastDue(schedule, earliest - 1, nowMs) : null;
  return latest ?? Number.POSITIVE_INFINITY;
}

function weigh(
  schedule: Schedule,
  pause: Pause,
  caughtUpFrom: number,
  dueAt: number,
  nowMs: number,
): DecidedFiring {
  if (isWithin(pause, dueAt)) return passed([dueAt], "paused", true);
  const plannedAt = startOf(schedule, dueAt);
  return isInTime(schedule, pause, dueAt, plannedAt, nowMs) || dueAt >= caughtUpFrom
    ? { outcome: "armed", dueAt, startAt: Math.max(plannedAt - leadMs(schedule), nowMs) }
    : passed([dueAt], "missed", true);
}

function passedOver(timing: Timing, pause: Pause, afterMs: number, throughMs: number): PassedFiring[] {
  const within = (ms: number) => Math.min(Math.max(ms, afterMs), throughMs);
  const pausedAfter = within(pause.from - 1);
  const pausedThrough = within(Math.max(pause.to, pause.from) - 1);
  return [
    ...span(timing, afterMs, pausedAfter, "missed"),
    ...span(timing, pausedAfter, pausedThrough, "paused"),
    ...span(timing, pausedThrough, throughMs, "missed"),
  ];
}

function span(
  timing: Timing,
  afterMs: number,
  throughMs: number,
  outcome: PassedFiring["outcome"],
): PassedFiring[] {
  const times = dueTimes(timing, afterMs, throughMs, PASSED_COUNTED_MAX + 1);
  if (times.length <= PASSED_ROWS_MAX) return times.map((dueAt) => passed([dueAt], outcome, true));
  if (times.length <= PASSED_COUNTED_MAX) return [passed(times, outcome, true)];
  const last = lastDue(timing, afterMs, throughMs);
  return [{ ...passed(times.slice(0, -1), outcome, false), throughAt: last ?? throughMs }];
}

function passed(times: number[], outcome: PassedFiring["outcome"], isCountExact: boolean): PassedFiring {
  const [dueAt = 0] = times;
  return { outcome, dueAt, throughAt: times.at(-1) ?? dueAt, count: times.length, isCountExact };
}

/** What is done about armed firings when somebody comes to start them, which after an outage can be late. */

import { SCHEDULE_GRACE_MS, SCHEDULE_PROMPT_MS, SCHEDULE_SLOW_MAX_MS } from "../limits.ts";
import { nextDue } from "./due.ts";
import { isInTime, nextWanted } from "./in-time.ts";
import { leadMs, startOf } from "./jitter.ts";
import { isWithin, type Pause, pauseOf } from "./pause.ts";
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
 * When a timekeeper came for a firing. One that has been at work since before, and had too much to start, is slow, which is no outage;
 * after `SCHEDULE_SLOW_MAX_MS` it is one all the same.
 * @param startAt since when it could be started
 * @param atWorkSince since when its timekeeper is at work without a break, up to now
 */
function cameAt(startAt: number, atWorkSince: number, nowMs: number): number {
  return nowMs - startAt > SCHEDULE_SLOW_MAX_MS ? nowMs : Math.max(startAt, Math.min(atWorkSince, nowMs));
}

/** Whether a timekeeper came for a firing when it was armed for, so that nothing else has to be known; the others as for `startArmed`. */
export function isPrompt(startAt: number, atWorkSince: number, nowMs: number): boolean {
  return cameAt(startAt, atWorkSince, nowMs) - startAt <= SCHEDULE_PROMPT_MS;
}

/**
 * What becomes of those armed firings of one schedule whose time has come; those of a later time are left out.
 * @param place tells of the pause that lasts, or of the last one: whoever is late comes after it for what was due in it
 * @param atWorkSince since when its timekeeper is at work without a break, up to now
 */
export function startArmed(
  schedule: Schedule,
  armed: readonly ArmedFiring[],
  place: Place,
  nowMs: number,
  atWorkSince: number,
): StartedFiring[] {
  const pause = pauseOf(schedule, place, nowMs);
  const ready = armed.filter(({ startAt }) => startAt <= nowMs).toSorted((a, b) => a.dueAt - b.dueAt);
  const isOfRule = ({ dueAt }: ArmedFiring) =>
    dueAt <= place.countsFrom || nextDue(schedule, dueAt - 1) === dueAt;
  // The rule in force does not name them, so that they alone tell which of them is the newest.
  const ofRuleBefore = ready.filter(({ dueAt }) => dueAt <= place.countsFrom && !isWithin(pause, dueAt));
  return ready.map((firing) => {
    const { dueAt } = firing;
    const startsAt = startOf(schedule, dueAt);
    // Its run was accepted ahead, and gave it back since the rule is another one by now.
    if (!isOfRule(firing)) return { dueAt, outcome: "not_due" };
    const isPaused = isWithin(pause, dueAt);
    // Who ends a pause until then wants it run, so that is for its time to decide; it may also have been punctual, or spread less.
    if (nowMs < startsAt)
      return { dueAt, outcome: leadMs(schedule) > 0 && !isPaused ? "ahead" : "early", startsAt };
    if (isPaused) return { dueAt, outcome: "paused" };
    const came = cameAt(Math.max(firing.startAt, startsAt), atWorkSince, nowMs);
    const newer = ofRuleBefore.find((other) => other.dueAt > dueAt)?.dueAt ?? null;
    return { dueAt, outcome: outcomeOfStart(schedule, pause, firing, startsAt, came, newer) };
  });
}

/** @param newer as in {@link isInTime} */
function outcomeOfStart(
  schedule: Schedule,
  pause: Pause,
  { dueAt, startAt }: ArmedFiring,
  startsAt: number,
  came: number,
  newer: number | null,
): "ran" | "caught_up" | "missed" {
  const { mode, windowMs } = schedule.catchUp;
  const since = Math.max(startAt, startsAt);
  if (isInTime(schedule, pause, dueAt, since, came, newer)) {
    // By when it was armed for: what was armed too late was armed to be caught up.
    const isLater = mode === "all" && came - since > SCHEDULE_PROMPT_MS;
    return (isLater ? came : since) - startsAt <= graceMs(schedule) ? "ran" : "caught_up";
  }
  const isWanted = mode === "all" || (mode === "latest" && isLatest(schedule, pause, dueAt, came, newer));
  return isWanted && dueAt >= came - windowMs ? "caught_up" : "missed";
}

/** How late one is that ran. Where each one is wanted, what is later stands in line, and does not skip itself. */
function graceMs({ catchUp }: Schedule): number {
  return catchUp.mode === "all" ? SCHEDULE_PROMPT_MS : SCHEDULE_GRACE_MS;
}

function isLatest(
  schedule: Schedule,
  pause: Pause,
  dueAt: number,
  nowMs: number,
  newer: number | null,
): boolean {
  // One that is not armed yet is for the tick to decide.
  const next = nextWanted(schedule, pause, dueAt);
  return newer === null && (next === null || next > nowMs);
}

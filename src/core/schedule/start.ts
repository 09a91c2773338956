/** What is done about armed firings when somebody comes to start them, which after an outage can be late. */

import { SCHEDULE_GRACE_MS, SCHEDULE_SLOW_MAX_MS } from "../limits.ts";
import { startOf } from "./jitter.ts";
import type { ArmedFiring, Schedule } from "./schedule.ts";

/** `ran` and `caught_up` go with a run, which is submitted in the batch that records them. */
export interface StartedFiring {
  dueAt: number;
  outcome: "ran" | "caught_up" | "missed" | "paused";
}

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
 * @param pausedAt since when the schedule is paused; null: it is not
 * @param atWorkSince as for {@link isMet}
 */
export function startArmed(
  schedule: Schedule,
  armed: readonly ArmedFiring[],
  pausedAt: number | null,
  nowMs: number,
  atWorkSince: number,
): StartedFiring[] {
  const { mode, windowMs } = schedule.catchUp;
  const ready = armed.filter(({ startAt }) => startAt <= nowMs).toSorted((a, b) => a.dueAt - b.dueAt);
  return ready.map(({ dueAt, startAt }, index) => {
    if (pausedAt !== null && pausedAt <= dueAt) return { dueAt, outcome: "paused" };
    if (isMet(startAt, atWorkSince, nowMs))
      return { dueAt, outcome: outcomeOfStart(schedule, dueAt, startAt) };
    const isWanted = mode === "all" || (mode === "latest" && index === ready.length - 1);
    return { dueAt, outcome: isWanted && dueAt >= nowMs - windowMs ? "caught_up" : "missed" };
  });
}

/** By when it was armed for: what was armed too late was armed to be caught up. */
function outcomeOfStart(schedule: Schedule, dueAt: number, startAt: number): "ran" | "caught_up" {
  return startAt <= startOf(schedule, dueAt) + SCHEDULE_GRACE_MS ? "ran" : "caught_up";
}

/** When schedules are due, by the book: worked out a second time, second by second, for the rules that simulated callers have. */

import { startOf } from "../../../src/core/schedule/jitter.ts";
import type { CronRule, Schedule, Timing } from "../../../src/core/schedule/schedule.ts";
import type { SpecChange } from "../world/recording-schedules.ts";
import { shownAt } from "./book-of-clocks.ts";

/** Due times after one moment and up to another, in order. */
export function dueByHand({ rule, startsAt, endsAt }: Timing, afterMs: number, throughMs: number): number[] {
  const after = Math.max(afterMs, (startsAt ?? 0) - 1);
  const through = Math.min(throughMs, (endsAt ?? Number.POSITIVE_INFINITY) - 1);
  const times: number[] = [];
  switch (rule.kind) {
    case "at":
      return [...new Set(rule.times)].filter((at) => at > after && at <= through).sort((a, b) => a - b);
    case "every": {
      const base = startsAt ?? 0;
      const first = base + Math.ceil((after + 1 - base) / rule.everyMs) * rule.everyMs;
      for (let at = first; at <= through; at += rule.everyMs) times.push(at);
      return times;
    }
    case "cron": {
      const isDue = reading(rule);
      for (let at = Math.ceil((after + 1) / 1000) * 1000; at <= through; at += 1000)
        if (isDue(at)) times.push(at);
      return times;
    }
    case "fly":
      throw new Error("no simulated caller has Fly start machines");
  }
}

/** Reads what simulated callers write: numbers, lists, ranges and steps, on any day. With fixed hours each local time is due once. */
function reading({ cron, timeZone }: CronRule): (at: number) => boolean {
  const fields = cron.split(" ");
  const [second, minute, hour, ...days] = fields.length === 5 ? ["0", ...fields] : fields;
  if (days.join(" ") !== "* * *") throw new Error(`the book can not read ${cron}`);
  const [seconds, minutes, hours] = [valuesOf(second, 60), valuesOf(minute, 60), valuesOf(hour, 24)];
  const isNamed = (local: Date) =>
    seconds.has(local.getUTCSeconds()) &&
    minutes.has(local.getUTCMinutes()) &&
    hours.has(local.getUTCHours());
  if (timeZone === "UTC") return (at) => isNamed(new Date(at));
  const followsClock = hour?.startsWith("*");
  return (at) => {
    const { now, isRepeated, skipped } = shownAt(timeZone, at);
    if (followsClock) return isNamed(new Date(now));
    return (!isRepeated && isNamed(new Date(now))) || (skipped !== null && isNamed(new Date(skipped)));
  };
}

function valuesOf(field = "", end = 0): Set<number> {
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const [range = "", step = "1"] = part.split("/");
    const [from, to = from] = range === "*" ? [0, end - 1] : range.split("-").map(Number);
    for (let value = from ?? 0; value <= (to ?? 0); value += Number(step)) values.add(value);
  }
  return values;
}

/** So late a due time still counts as met, as callers are told, while it is its schedule's newest … */
export const GRACE_MS = 120_000;
/** … and so late whatever came since. */
export const PROMPT_MS = 10_000;

/**
 * Up to when somebody comes in time for a due time that could be started since a moment.
 * @param isWanted due times that take another's place
 */
export function inTimeUntil(
  schedule: Pick<Schedule, "id" | "jitterMs"> & Timing,
  dueAt: number,
  sinceMs: number,
  isWanted: (dueAt: number) => boolean,
): number {
  const end = sinceMs + GRACE_MS;
  const next = dueByHand(schedule, dueAt, end).find(isWanted);
  const startsAt = next === undefined ? end + 1 : startOf(schedule, next);
  if (startsAt <= startOf(schedule, dueAt)) return end;
  return Math.max(sinceMs + PROMPT_MS, Math.min(end, startsAt - 1));
}

/** A stretch of time in which a schedule had one rule. */
export interface Era {
  timing: Timing;
  /** Due times after this, and up to `toMs`, are its own. By the clocks of who changed it. */
  fromMs: number;
  toMs: number;
}

/**
 * The eras of a schedule. One ends with another rule, or with the schedule, and takes with it what was not decided by then: a rule that
 * is no more decides nothing.
 */
export function erasOf(changes: readonly SpecChange[], nowMs: number): Era[] {
  const eras: Era[] = [];
  let open: Era | null = null;
  for (const { spec, at, isNewTiming, decidedTo } of changes) {
    if (open && (spec === null || isNewTiming)) {
      open.toMs = Math.min(at, decidedTo ?? at);
      open = null;
      // One that was asked for before others, and came after them, takes with it what was not due yet when it was asked for.
      for (const era of eras) era.toMs = Math.min(era.toMs, at);
    }
    if (spec === null || open) continue;
    open = { timing: spec, fromMs: at, toMs: nowMs };
    eras.push(open);
  }
  return eras;
}

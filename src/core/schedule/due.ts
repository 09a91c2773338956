/** When a schedule is due. Each question has a bounded answer. */

import { SCHEDULE_TIME_MAX_MS } from "../limits.ts";
import { parseCron } from "./cron.ts";
import { nextCronTime } from "./daylight-saving.ts";
import type { EveryRule, Rule, Timing } from "./schedule.ts";

/** The first due time after a moment, both in epoch milliseconds; null: there is none any more. */
export function nextDue({ rule, startsAt, endsAt }: Timing, afterMs: number): number | null {
  const dueAt = nextOfRule(rule, startsAt === null ? afterMs : Math.max(afterMs, startsAt - 1), startsAt);
  return dueAt === null || dueAt > SCHEDULE_TIME_MAX_MS || (endsAt !== null && dueAt >= endsAt)
    ? null
    : dueAt;
}

/** The due times after one moment and up to another, in order, and of many the first. */
export function dueTimes(timing: Timing, afterMs: number, throughMs: number, max: number): number[] {
  const times: number[] = [];
  for (let after = afterMs; times.length < max; ) {
    const dueAt = nextDue(timing, after);
    if (dueAt === null || dueAt > throughMs) break;
    times.push(dueAt);
    after = dueAt;
  }
  return times;
}

/** How much further back each look goes. Due times are about as far apart as the first look that finds one is wide. */
const WIDER = 4;

/** The last due time after one moment and up to another; null: there is none. */
export function lastDue(timing: Timing, afterMs: number, throughMs: number): number | null {
  for (let backMs = 1000, end = throughMs; end > afterMs; backMs *= WIDER) {
    const start = Math.max(afterMs, throughMs - backMs);
    const latest = lastOf(timing, start, end);
    if (latest !== null) return latest;
    end = start;
  }
  return null;
}

function lastOf(timing: Timing, afterMs: number, throughMs: number): number | null {
  let last: number | null = null;
  for (let dueAt = nextDue(timing, afterMs); dueAt !== null && dueAt <= throughMs; ) {
    last = dueAt;
    dueAt = nextDue(timing, dueAt);
  }
  return last;
}

function nextOfRule(rule: Rule, afterMs: number, startsAt: number | null): number | null {
  switch (rule.kind) {
    case "cron": {
      const parsed = parseCron(rule.cron);
      // It was read when the schedule was put, so nothing has to be said of it here.
      if ("complaint" in parsed) throw new Error(`the cron expression "${rule.cron}" ${parsed.complaint}`);
      return nextCronTime(parsed.cron, rule.timeZone, afterMs);
    }
    case "every":
      return nextOfEvery(rule, afterMs, startsAt ?? 0);
    case "at":
      return rule.times.reduce<number | null>(
        (first, time) => (time > afterMs && (first === null || time < first) ? time : first),
        null,
      );
    case "fly":
      return null;
  }
}

function nextOfEvery({ everyMs }: EveryRule, afterMs: number, firstMs: number): number {
  return firstMs + (Math.floor((afterMs - firstMs) / everyMs) + 1) * everyMs;
}

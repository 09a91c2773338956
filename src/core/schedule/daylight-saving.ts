/**
 * From local times to moments, for cron rules. Where clocks never change there is nothing to decide. Where they do:
 *
 * A rule with fixed hours ("30 2 * * *") fires once for each local time that it names.
 * - A local time that clocks skip is taken with the offset before the change: 02:30 in a night without 02:00 to 03:00 is when clocks
 *   show 03:30.
 * - Of a local time that clocks show twice it is the first.
 * - Two local times that fall on one moment are one firing.
 *
 * A rule whose hour field is `*`, with or without a step, follows the clock as it shows: what is skipped does not exist, and what is
 * shown twice fires twice. So each five minutes stays each five minutes.
 *
 * That is RFC 5545 (3.3.5, local times that are skipped or occur twice) and Temporal's `compatible`, with cron's own difference
 * between jobs at a fixed time and those of any hour (cron(8) of Debian).
 */

import { SCHEDULE_TIME_MAX_MS } from "../limits.ts";
import type { Cron } from "./cron.ts";
import { nextLocalTime } from "./cron-times.ts";
import { OFFSET_MAX_MS, type Stretch, stretchAt } from "./zone.ts";

/** The first moment after `afterMs`, in epoch milliseconds, at which the rule fires; null: none before the year 10000. */
export function nextCronTime(cron: Cron, timeZone: string, afterMs: number): number | null {
  // A skipped local time can be due later than one that clocks show, so the earliest is kept until its stretch is reached.
  let earliest = Number.POSITIVE_INFINITY;
  let at = afterMs + 1;
  while (at <= SCHEDULE_TIME_MAX_MS) {
    const stretch = stretchAt(timeZone, at);
    const shown = nextShown(cron, stretch, at);
    if (shown === null) return null;
    if (shown < stretch.to) earliest = Math.min(earliest, shown);
    earliest = Math.min(earliest, nextSkipped(cron, stretch, at));
    if (earliest < stretch.to) return earliest <= SCHEDULE_TIME_MAX_MS ? earliest : null;
    // Until then clocks show nothing that the rule names, whatever their offset.
    at = Math.max(stretch.to, Math.min(earliest, shown - 2 * OFFSET_MAX_MS));
  }
  return null;
}

/** The first moment from `at` on whose local time the rule names, if clocks kept the offset of this stretch for ever. */
function nextShown(cron: Cron, { from, offsetMs, offsetBeforeMs }: Stretch, at: number): number | null {
  const shownBeforeTo = from + offsetBeforeMs;
  const start = cron.followsClock ? at + offsetMs : Math.max(at + offsetMs, shownBeforeTo);
  const local = nextLocalTime(cron, start);
  return local === null ? null : local - offsetMs;
}

/** The first moment from `at` on that stands for a local time which clocks skip at the beginning of this stretch. */
function nextSkipped(cron: Cron, { from, offsetMs, offsetBeforeMs }: Stretch, at: number): number {
  const skippedTo = from + offsetMs;
  if (cron.followsClock || offsetMs <= offsetBeforeMs || at + offsetBeforeMs >= skippedTo)
    return Number.POSITIVE_INFINITY;
  const local = nextLocalTime(cron, Math.max(at, from) + offsetBeforeMs);
  return local === null || local >= skippedTo ? Number.POSITIVE_INFINITY : local - offsetBeforeMs;
}

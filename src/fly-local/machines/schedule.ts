/**
 * When a scheduled Machine is due: whole hours, days, weeks or calendar months after its creation (docs: Machines resource,
 * schedule). Fly is vague about the minute; here it is exact.
 */

export const SCHEDULES = ["hourly", "daily", "weekly", "monthly"] as const;
export type Schedule = (typeof SCHEDULES)[number];

export function isSchedule(value: unknown): value is Schedule {
  return SCHEDULES.some((known) => known === value);
}

const HOUR_MS = 3_600_000;
const PERIOD_MS = { hourly: HOUR_MS, daily: 24 * HOUR_MS, weekly: 7 * 24 * HOUR_MS };

/**
 * The first instant after `now` at which it is due; what was missed is not made up for.
 * @param createdAt @param now epoch milliseconds
 */
export function nextDue(schedule: Schedule, createdAt: number, now: number): number {
  if (schedule !== "monthly") {
    const period = PERIOD_MS[schedule];
    return createdAt + (Math.floor(Math.max(0, now - createdAt) / period) + 1) * period;
  }
  const months = monthOf(now) - monthOf(createdAt);
  const due = Array.from({ length: 3 }, (_, index) => monthsAfter(createdAt, Math.max(1, months) + index));
  return due.find((instant) => instant > now) ?? now;
}

function monthOf(instant: number): number {
  const date = new Date(instant);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** The same day and time in UTC; the 31st is the last day of a shorter month. */
function monthsAfter(instant: number, count: number): number {
  const date = new Date(instant);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + count);
  const days = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, days));
  return date.getTime();
}

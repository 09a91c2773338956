/**
 * The local times that a cron expression names: the calendar and the face of a clock, with no time zone. A local time is kept as the
 * epoch milliseconds that it would have in UTC.
 */

import { DAY_MS, dayNumber, dayOfNumber, daysInMonth, weekdayOf } from "./calendar.ts";
import type { Cron } from "./cron.ts";

/** The calendar repeats after 400 years, to the weekday: what is not due in them never is. */
const MONTHS_SEARCHED = 400 * 12 + 1;
const EVERY_WEEK = 63;
const LAST_OF_MONTH = 1 << 5;

/** The first local time at `fromMs` or later; null where there is none at all. */
export function nextLocalTime(cron: Cron, fromMs: number): number | null {
  const fromSecond = Math.ceil(fromMs / 1000);
  const number = Math.floor(fromSecond / 86_400);
  const today = dayOfNumber(number);
  const time = nextTimeOfDay(cron, fromSecond - number * 86_400);
  if (time !== null && (daysThatMatch(cron, today.year, today.month) >>> today.day) & 1)
    return number * DAY_MS + time * 1000;
  const day = nextDay(cron, today.year, today.month, today.day + 1);
  return day === null ? null : day * DAY_MS + (nextTimeOfDay(cron, 0) ?? 0) * 1000;
}

/** Whether there is any date with a day that matches. */
export function firesEver(cron: Cron): boolean {
  return nextLocalTime(cron, 0) !== null;
}

/** The first second of the day, from the given one on, that matches; null: none of this day. */
function nextTimeOfDay({ hours, minutes, seconds }: Cron, from: number): number | null {
  const hour = Math.floor(from / 3600);
  const minute = Math.floor(from / 60) % 60;
  const second = from % 60;
  if (hours.includes(hour)) {
    if (minutes.includes(minute)) {
      const later = seconds.find((value) => value >= second);
      if (later !== undefined) return hour * 3600 + minute * 60 + later;
    }
    const later = minutes.find((value) => value > minute);
    if (later !== undefined) return hour * 3600 + later * 60 + (seconds[0] ?? 0);
  }
  const later = hours.find((value) => value > hour);
  return later === undefined ? null : later * 3600 + (minutes[0] ?? 0) * 60 + (seconds[0] ?? 0);
}

/** The number of the first day that matches, from the given one on, which may lie behind its month's last. */
function nextDay(cron: Cron, fromYear: number, fromMonth: number, fromDay: number): number | null {
  let year = fromYear;
  let month = fromMonth;
  let left = fromDay > 31 ? 0 : -1 << fromDay;
  for (let searched = 0; searched < MONTHS_SEARCHED; searched++) {
    const days = (cron.months >>> month) & 1 ? daysThatMatch(cron, year, month) & left : 0;
    if (days !== 0) return dayNumber(year, month, lowestBit(days));
    left = -1;
    month = month === 12 ? 1 : month + 1;
    if (month === 1) year++;
  }
  return null;
}

/** Bit n: day n of this month matches. */
function daysThatMatch(cron: Cron, year: number, month: number): number {
  if (((cron.months >>> month) & 1) === 0) return 0;
  const length = daysInMonth(year, month);
  const firstWeekday = weekdayOf(dayNumber(year, month, 1));
  const ofWeek = () => daysByWeek(cron, length, firstWeekday);
  const ofMonth = () => daysByMonth(cron, length, firstWeekday);
  switch (cron.dayRule) {
    case "month":
      return ofMonth();
    case "week":
      return ofWeek();
    case "both":
      return ofMonth() & ofWeek();
    case "either":
      return ofMonth() | ofWeek();
  }
}

function daysByMonth(cron: Cron, length: number, firstWeekday: number): number {
  const all = length === 31 ? -1 : (1 << (length + 1)) - 1;
  let days = cron.days & all;
  if (cron.isLastDay) days |= 1 << length;
  if (cron.isLastWeekday) days |= 1 << nearestWeekday(length, length, firstWeekday);
  if (cron.nearestWeekdays !== 0)
    for (let day = 1; day <= length; day++)
      if ((cron.nearestWeekdays >>> day) & 1) days |= 1 << nearestWeekday(day, length, firstWeekday);
  return days;
}

/** The weekday next to a day, without leaving the month: from a Saturday the Friday before, from a Sunday the Monday after. */
function nearestWeekday(day: number, length: number, firstWeekday: number): number {
  const weekday = (firstWeekday + day - 1) % 7;
  if (weekday === 6) return day === 1 ? 3 : day - 1;
  if (weekday === 0) return day === length ? day - 2 : day + 1;
  return day;
}

function daysByWeek(cron: Cron, length: number, firstWeekday: number): number {
  let days = 0;
  for (const [weekday, wanted] of cron.weekdays.entries()) {
    const first = 1 + ((weekday - firstWeekday + 7) % 7);
    for (let day = first, nth = 0; day <= length && wanted !== 0; day += 7, nth++)
      if (wanted === EVERY_WEEK || (wanted >>> nth) & 1 || (wanted & LAST_OF_MONTH && day + 7 > length))
        days |= 1 << day;
  }
  return days;
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

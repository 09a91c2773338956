/** A rule in words, for people who do not read cron. Where no short words say it exactly, the expression stands for itself. */

import { formatDuration } from "../duration.ts";
import { DAY_MS, dayOfNumber } from "./calendar.ts";
import { type Cron, parseCron } from "./cron.ts";
import type { Rule } from "./schedule.ts";

/** Such as "at 02:30 every day, Europe/Berlin". */
export function describeRule(rule: Rule): string {
  switch (rule.kind) {
    case "every":
      return `every ${formatDuration(rule.everyMs)}`;
    case "fly":
      return `${rule.period}, by Fly's own scheduler`;
    case "at": {
      const times = rule.times.toSorted((a, b) => a - b);
      const [first = 0] = times;
      const last = times.at(-1) ?? first;
      if (times.length < 2) return `once, at ${utcTime(first)}`;
      return `at ${times.length} times, from ${utcTime(first)} to ${utcTime(last)}`;
    }
    case "cron": {
      const parsed = parseCron(rule.cron);
      const words = "cron" in parsed ? wordsOf(parsed.cron) : null;
      return `${words ?? `cron ${rule.cron}`}, ${rule.timeZone}`;
    }
  }
}

/** Times of a day that are listed one by one. */
const TIMES_LISTED_MAX = 4;
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const EVERY_WEEK = 63;
const ALL_MONTHS = 0b1_1111_1111_1110;

function wordsOf(cron: Cron): string | null {
  const time = timeInWords(cron);
  const day = cron.months === ALL_MONTHS ? dayInWords(cron) : null;
  if (time === null || day === null) return null;
  return day === "every day" && !time.startsWith("at ") ? time : `${time} ${day}`;
}

function timeInWords({ seconds, minutes, hours, followsClock }: Cron): string | null {
  if (seconds.join() !== "0") return null;
  if (followsClock && hours.length === 24) {
    const step = 60 / minutes.length;
    if (minutes.some((minute, index) => minute !== index * step)) {
      const [minute = 0] = minutes;
      return minutes.length === 1 ? `every hour at :${twoDigits(minute)}` : null;
    }
    if (step === 60) return "every hour";
    return step === 1 ? "every minute" : `every ${step} minutes`;
  }
  if (hours.length * minutes.length > TIMES_LISTED_MAX) return null;
  const times = hours.flatMap((hour) => minutes.map((minute) => `${twoDigits(hour)}:${twoDigits(minute)}`));
  return `at ${listed(times)}`;
}

function dayInWords({
  dayRule,
  days,
  nearestWeekdays,
  isLastDay,
  isLastWeekday,
  weekdays,
}: Cron): string | null {
  if (dayRule === "week") {
    const named = WEEKDAYS.filter((_, weekday) => weekdays[weekday] === EVERY_WEEK);
    const isPlain = weekdays.every((wanted) => wanted === EVERY_WEEK || wanted === 0);
    if (!isPlain || named.length === 7) return null;
    const isWorkweek = named.length === 5 && weekdays[0] === 0 && weekdays[6] === 0;
    return isWorkweek ? "on Monday to Friday" : `on ${listed(named.map((name) => `${name}s`))}`;
  }
  if (dayRule !== "month" || nearestWeekdays !== 0) return null;
  const numbers = Array.from({ length: 31 }, (_, index) => index + 1).filter((day) => (days >>> day) & 1);
  if (isLastDay || isLastWeekday) {
    if (numbers.length > 0 || (isLastDay && isLastWeekday)) return null;
    return isLastDay ? "on the last day of each month" : "on the last weekday of each month";
  }
  if (numbers.length === 31) return "every day";
  return numbers.length > TIMES_LISTED_MAX ? null : `on day ${listed(numbers.map(String))} of each month`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function utcTime(ms: number): string {
  const number = Math.floor(ms / DAY_MS);
  const { year, month, day } = dayOfNumber(number);
  const seconds = Math.floor((ms - number * DAY_MS) / 1000);
  const [hour, minute, second] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const time = [hour, minute, ...(second === 0 ? [] : [second])].map(twoDigits).join(":");
  return `${year}-${twoDigits(month)}-${twoDigits(day)} ${time} UTC`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

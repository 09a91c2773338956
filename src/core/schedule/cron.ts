/**
 * Cron expressions: five fields, six with seconds in front, or a nickname. croner reads them; this says in words what is wrong with
 * one, and keeps of it what `cron-times.ts` looks for.
 */

import { CronPattern } from "croner";
import { CRON_MAX_CHARS, CRONS_KEPT_MAX } from "../limits.ts";
import { firesEver } from "./cron-times.ts";
import { Kept } from "./kept.ts";

/** An expression as what it matches. Bits are counted from the least. */
export interface Cron {
  /** Seconds, minutes and hours that match, in order. */
  seconds: readonly number[];
  minutes: readonly number[];
  hours: readonly number[];
  /** Bit n: month n, 1 to 12. */
  months: number;
  /** Bit n: day n of the month, 1 to 31. */
  days: number;
  /** Bit n: the weekday (Monday to Friday) next to day n and in its month ("15W"). */
  nearestWeekdays: number;
  /** The last day of the month ("L"). */
  isLastDay: boolean;
  /** The last weekday of the month ("LW"). */
  isLastWeekday: boolean;
  /** For Sunday (0) to Saturday: bit n, the n+1st of the month; bit 5, the last one. */
  weekdays: readonly number[];
  /**
   * How the days of the month and those of the week go together: with `*` in one field the other decides, else a day matches that
   * either names (crontab(5)), or, with a + in front of the day of the week, one that both name.
   */
  dayRule: "month" | "week" | "either" | "both";
  /** The hour is any (`*` or `*` with a step): it follows the clock as it shows when clocks change. */
  followsClock: boolean;
}

export type ParsedCron = { cron: Cron } | { complaint: string };

/** Of one expression in two schedules the work is done once. */
const kept = new Kept<ParsedCron>(CRONS_KEPT_MAX);

/** Reads an expression, or says what is wrong with it, as a sentence about it. */
export function parseCron(text: string): ParsedCron {
  if (text.length > CRON_MAX_CHARS) return { complaint: `can be at most ${CRON_MAX_CHARS} characters` };
  return kept.get(text, () => parse(text));
}

const NICKNAMES = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"];

interface Field {
  name: string;
  /** Its largest number. */
  most: number;
  accepted: string;
}
const LISTS = "lists (1,2), ranges (1-5), steps (*/2 or 1-5/2) and *";
const FIELDS: readonly Field[] = [
  { name: "second", most: 59, accepted: `0 to 59, ${LISTS}` },
  { name: "minute", most: 59, accepted: `0 to 59, ${LISTS}` },
  { name: "hour", most: 23, accepted: `0 to 23, ${LISTS}` },
  {
    name: "day of the month",
    most: 31,
    accepted: `1 to 31, L for the last, 15W for the weekday next to the 15th, LW for the last weekday, ${LISTS}`,
  },
  { name: "month", most: 12, accepted: `1 to 12, JAN to DEC, ${LISTS}` },
  {
    name: "day of the week",
    most: 7,
    accepted: `0 to 7 (0 and 7 are Sunday), SUN to SAT, MON#2 for the second Monday of the month, FRIL for the last Friday, ${LISTS}`,
  },
];

function parse(text: string): ParsedCron {
  const fields = text.match(/\S+/g) ?? [];
  const isNickname = text.trim().startsWith("@");
  if (isNickname && !NICKNAMES.includes(text.trim().toLowerCase()))
    return { complaint: `is no nickname that is known; possible are ${NICKNAMES.join(", ")}` };
  if (!isNickname && fields.length !== 5 && fields.length !== 6)
    return {
      complaint: `has ${fields.length} ${fields.length === 1 ? "field" : "fields"}; a cron expression has five (minute, hour, day of the month, month, day of the week), or six with seconds in front`,
    };
  const pattern = patternOf(isNickname ? text.trim() : fields.join(" "));
  if (pattern === null) return { complaint: complaintOf(fields) };
  const cron = cronOf(pattern, fields.at(-4) ?? "");
  return firesEver(cron) ? { cron } : { complaint: "never fires: no date has such a day" };
}

/** Null: croner refuses it, or takes it though the end of a range is no number of its field, as where it has a step ("0-60/7"). */
function patternOf(text: string): CronPattern | null {
  const fields = text.split(" ");
  const endsIn = (field: string, most: number) =>
    [...field.matchAll(/-(\d+)/g)].every(([, end]) => Number(end) <= most);
  if (!fields.every((field, index) => endsIn(field, FIELDS.at(index - fields.length)?.most ?? 0)))
    return null;
  try {
    return new CronPattern(text, undefined, { mode: "5-or-6-parts" });
  } catch {
    return null;
  }
}

/** Says which field it is, by trying each with all others open. */
function complaintOf(fields: readonly string[]): string {
  const offset = FIELDS.length - fields.length;
  for (const [index, field] of fields.entries()) {
    const open = FIELDS.map((_, place) => (place === index + offset ? field : "*"));
    const known = FIELDS[index + offset];
    if (known !== undefined && patternOf(open.join(" ")) === null) {
      const shown = field.length > 40 ? `${field.slice(0, 40)}…` : field;
      return `has "${shown}" as its ${known.name}; accepted are ${known.accepted}`;
    }
  }
  return "is no cron expression";
}

/** @param hourField as written; of a nickname it is empty */
function cronOf(pattern: CronPattern, hourField: string): Cron {
  const hours = valuesOf(pattern.hour);
  return {
    seconds: valuesOf(pattern.second),
    minutes: valuesOf(pattern.minute),
    hours,
    months: bitsOf(pattern.month) << 1,
    days: bitsOf(pattern.day) << 1,
    nearestWeekdays: bitsOf(pattern.nearestWeekdays) << 1,
    isLastDay: pattern.lastDayOfMonth,
    isLastWeekday: pattern.lastWeekday,
    weekdays: [...pattern.dayOfWeek.slice(0, 7)],
    dayRule: dayRuleOf(pattern),
    followsClock: /(?:^|,)[*?]/.test(hourField) || (hourField === "" && hours.length === 24),
  };
}

function dayRuleOf({ starDOM, starDOW, useAndLogic }: CronPattern): Cron["dayRule"] {
  if (starDOW) return "month";
  if (starDOM) return "week";
  return useAndLogic ? "both" : "either";
}

function valuesOf(flags: readonly number[]): number[] {
  return flags.flatMap((flag, value) => (flag ? [value] : []));
}

function bitsOf(flags: readonly number[]): number {
  return flags.reduce((bits, flag, place) => (flag ? bits | (1 << place) : bits), 0);
}

import { describe, expect, it } from "vitest";
import { type Cron, parseCron } from "../../src/core/schedule/cron.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { type Chance, oneOf } from "./json.ts";
import { rounds } from "./rounds.ts";

/**
 * Another reading of cron text, by the words of its refusals: lists of numbers, ranges and steps, of which each field has its own bounds.
 * What else there is, L, W and #, is read in another way by the schedule's own tests.
 */
interface Field {
  least: number;
  most: number;
  /** How many there are, which no step is larger than: Sunday is both 0 and 7. */
  count: number;
  names: string[];
}

const MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
const DAYS = "SUN MON TUE WED THU FRI SAT".split(" ");
const FIELDS: Record<"seconds" | "minutes" | "hours" | "days" | "months" | "weekdays", Field> = {
  seconds: { least: 0, most: 59, count: 60, names: [] },
  minutes: { least: 0, most: 59, count: 60, names: [] },
  hours: { least: 0, most: 23, count: 24, names: [] },
  days: { least: 1, most: 31, count: 31, names: [] },
  months: { least: 1, most: 12, count: 12, names: MONTHS },
  weekdays: { least: 0, most: 7, count: 7, names: DAYS },
};

/** The numbers that a field names; null where it is none. */
function numbersOf(text: string, { least, most, count, names }: Field): number[] | null {
  const named = new Set<number>();
  const numberOf = (word: string) => {
    const name = names.indexOf(word.toUpperCase());
    if (name >= 0) return name + least;
    return /^\d+$/.test(word) ? Number(word) : Number.NaN;
  };
  // With a + days match that the day of the month names, too.
  for (const part of (names === DAYS ? text.replace(/^\+/, "") : text).split(",")) {
    const [range = "", step = "1", ...more] = part.split("/");
    const isAny = range === "*" || range === "?";
    const [from = "", to = from, ...others] = isAny ? [String(least), String(most)] : range.split("-");
    const isLastSunday = to.toUpperCase() === "SUN" && from !== to;
    const [first, last, by] = [
      numberOf(from),
      isLastSunday ? 7 : numberOf(to),
      /^\d+$/.test(step) ? Number(step) : 0,
    ];
    // A step goes with a range or *.
    const isLone = part.includes("/") && !isAny && !range.includes("-");
    if (more.length > 0 || others.length > 0 || isLone) return null;
    if (!(first >= least && last <= most && first <= last) || by < 1 || by > count) return null;
    for (let number = first; number <= last; number += by) named.add(number);
  }
  return [...named].sort((a, b) => a - b);
}

function someWord(chance: Chance, { least, most, names }: Field): string {
  const number = () => String(least - 1 + Math.floor(chance() * (most - least + 3)));
  if (chance() < 0.05)
    return oneOf(chance, ["", "-", "*", "a", "JANUARY", "1.5", " ", "+1", "08", "1e1", "0x5", "٣"]);
  return names.length > 0 && chance() < 0.4 ? oneOf(chance, names).toLowerCase() : number();
}

function someField(chance: Chance, field: Field): string {
  const one = () => someWord(chance, field);
  const part = () =>
    oneOf(chance, [
      () => "*",
      one,
      one,
      () => `${one()}-${one()}`,
      () => `*/${1 + Math.floor(chance() * 20)}`,
      () => `${one()}-${one()}/${Math.floor(chance() * 9)}`,
      () => `${one()}/${one()}`,
    ])();
  return Array.from({ length: chance() < 0.7 ? 1 : 3 }, part).join(",");
}

const bits = (mask: number) =>
  Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => (mask >>> bit) & 1);

function numbersIn(cron: Cron): Record<keyof typeof FIELDS, number[]> {
  const { seconds, minutes, hours, days, months, weekdays } = cron;
  return {
    seconds: [...seconds],
    minutes: [...minutes],
    hours: [...hours],
    days: bits(days),
    months: bits(months),
    weekdays: weekdays.flatMap((weeks, day) => (weeks === 0 ? [] : [day])),
  };
}

/** 7 is Sunday, too. */
const asWeekdays = (numbers: number[]) =>
  [...new Set(numbers.map((number) => number % 7))].sort((a, b) => a - b);

describe("cron text", () => {
  it("is read as another reader reads it, or refused with the field that is wrong", () => {
    const chance = seededRandom(21);
    const seen = { read: 0, refused: 0 };
    for (let round = 0; round < rounds(3000); round++) {
      const names = Object.keys(FIELDS) as (keyof typeof FIELDS)[];
      const odd = oneOf(chance, names);
      const texts = names.map((name) =>
        name === odd || chance() < 0.2 ? someField(chance, FIELDS[name]) : "*",
      );
      if (texts.some((text) => text === "" || /\s/.test(text))) continue;
      const expected = names.map((name, index) => numbersOf(texts[index] ?? "", FIELDS[name]));
      const answer = parseCron(texts.join(" "));
      if ("complaint" in answer && answer.complaint.startsWith("never fires")) continue;
      if (expected.includes(null)) {
        seen.refused += 1;
        const wrong = texts[expected.indexOf(null)];
        expect([texts.join(" "), answer]).toEqual([
          texts.join(" "),
          { complaint: expect.stringContaining(`has "${wrong}" as its`) },
        ]);
        continue;
      }
      seen.read += 1;
      const found = "cron" in answer ? numbersIn(answer.cron) : answer;
      const wanted = Object.fromEntries(names.map((name, index) => [name, expected[index]]));
      expect([texts.join(" "), found]).toEqual([
        texts.join(" "),
        { ...wanted, weekdays: asWeekdays(wanted.weekdays ?? []) },
      ]);
    }
    expect(seen.read).toBeGreaterThan(300);
    expect(seen.refused).toBeGreaterThan(300);
  });
});

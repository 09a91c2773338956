import { Cron as Croner } from "croner";
import { describe, expect, it } from "vitest";
import { dayNumber, dayOfNumber, daysInMonth, weekdayOf } from "../../../src/core/schedule/calendar.ts";
import { type Cron, parseCron } from "../../../src/core/schedule/cron.ts";
import { nextLocalTime } from "../../../src/core/schedule/cron-times.ts";
import { seededRandom } from "../../support/seeded-random.ts";

function parsed(text: string): Cron {
  const answer = parseCron(text);
  if ("complaint" in answer) throw new Error(`${text} ${answer.complaint}`);
  return answer.cron;
}

function complaint(text: string): string {
  const answer = parseCron(text);
  return "complaint" in answer ? answer.complaint : "";
}

/** The first local times from a moment on, as text. */
function times(text: string, from: string, count: number): string[] {
  const cron = parsed(text);
  const found: string[] = [];
  for (let at = Date.parse(`${from}Z`); found.length < count; ) {
    const next = nextLocalTime(cron, at);
    if (next === null) break;
    found.push(new Date(next).toISOString().slice(0, 19));
    at = next + 1000;
  }
  return found;
}

describe("the calendar", () => {
  it("is that of the platform, for each day of four hundred years", () => {
    for (let number = -40_000; number < 106_097; number++) {
      const date = new Date(number * 86_400_000);
      const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
      const known = dayOfNumber(number);
      if (known.year !== year || known.month !== month || known.day !== day)
        expect(known).toEqual({ year, month, day });
      if (dayNumber(year, month, day) !== number) expect(dayNumber(year, month, day)).toBe(number);
      if (weekdayOf(number) !== date.getUTCDay()) expect(weekdayOf(number)).toBe(date.getUTCDay());
      if (day === 1 && daysInMonth(year, month) !== new Date(Date.UTC(year, month, 0)).getUTCDate())
        expect(`${year}-${month}`).toBe("of another length");
    }
  });
});

describe("a cron expression", () => {
  it.each([
    ["*/15 * * * *", ["2026-01-31T23:45:00", "2026-02-01T00:00:00"]],
    ["30 2 * * *", ["2026-02-01T02:30:00", "2026-02-02T02:30:00"]],
    ["10,50 * * * * *", ["2026-01-31T23:30:50", "2026-01-31T23:31:10"]],
    ["@daily", ["2026-02-01T00:00:00", "2026-02-02T00:00:00"]],
    ["@midnight", ["2026-02-01T00:00:00", "2026-02-02T00:00:00"]],
    ["@hourly", ["2026-02-01T00:00:00", "2026-02-01T01:00:00"]],
    ["@weekly", ["2026-02-01T00:00:00", "2026-02-08T00:00:00"]],
    ["@monthly", ["2026-02-01T00:00:00", "2026-03-01T00:00:00"]],
    ["@yearly", ["2027-01-01T00:00:00", "2028-01-01T00:00:00"]],
    [" @Annually ", ["2027-01-01T00:00:00", "2028-01-01T00:00:00"]],
    ["0 9 * * MON-FRI", ["2026-02-02T09:00:00", "2026-02-03T09:00:00"]],
    ["0 0 * FEB sun", ["2026-02-01T00:00:00", "2026-02-08T00:00:00"]],
    ["0 0 * * 7", ["2026-02-01T00:00:00", "2026-02-08T00:00:00"]],
    ["0 0 L * *", ["2026-02-28T00:00:00", "2026-03-31T00:00:00"]],
    ["0 0 LW * *", ["2026-02-27T00:00:00", "2026-03-31T00:00:00"]],
    ["0 0 15W * *", ["2026-02-16T00:00:00", "2026-03-16T00:00:00"]],
    ["0 0 1W * *", ["2026-02-02T00:00:00", "2026-03-02T00:00:00"]],
    ["0 0 * * MON#2", ["2026-02-09T00:00:00", "2026-03-09T00:00:00"]],
    ["0 0 * * 5L", ["2026-02-27T00:00:00", "2026-03-27T00:00:00"]],
    ["0 0 13 * 5", ["2026-02-06T00:00:00", "2026-02-13T00:00:00"]],
    ["0 0 13 * +5", ["2026-02-13T00:00:00", "2026-03-13T00:00:00"]],
    ["0 0 29 2 *", ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]],
    ["0 0 29 2 +1", ["2044-02-29T00:00:00", "2072-02-29T00:00:00", "2112-02-29T00:00:00"]],
  ])("%s names the times that it says", (text, expected) => {
    expect(times(text, "2026-01-31T23:30:11", expected.length)).toEqual(expected);
  });

  it.each([
    ["60 * * * *", 'has "60" as its minute; accepted are 0 to 59, '],
    ["* 24 * * *", 'has "24" as its hour; accepted are 0 to 23, '],
    ["* 5-2 * * *", 'has "5-2" as its hour; '],
    ["* 13-24/5 * * *", 'has "13-24/5" as its hour; accepted are 0 to 23, '],
    ["0-60/7 * * * *", 'has "0-60/7" as its minute; '],
    ["* */0 * * *", 'has "*/0" as its hour; '],
    ["0 0 0 * *", 'has "0" as its day of the month; accepted are 1 to 31, L for the last, 15W'],
    ["0 0 L-3 * *", 'has "L-3" as its day of the month; '],
    ["0 0 1-5W * *", 'has "1-5W" as its day of the month; '],
    ["0 0 1 13 *", 'has "13" as its month; accepted are 1 to 12, JAN to DEC, '],
    ["0 0 1 JANUARY *", 'has "JANUARY" as its month; '],
    ["0 0 * * 8", 'has "8" as its day of the week; accepted are 0 to 7'],
    ["0 0 * * MON#6", 'has "MON#6" as its day of the week; '],
    ["61 0 0 * * *", 'has "61" as its second; '],
    [`${"1".repeat(80)} * * * *`, `has "${"1".repeat(40)}…" as its minute; `],
    ["", "has 0 fields; a cron expression has five (minute, hour,"],
    ["daily", "has 1 field; "],
    ["0 0 * *", "has 4 fields; "],
    ["0 0 0 1 1 * 2030", "has 7 fields; "],
    ["@reboot", "is no nickname that is known; possible are @hourly, @daily"],
    ["@every 5m", "is no nickname that is known; "],
    ["0 0 30 2 *", "never fires: no date has such a day"],
    ["0 0 31 2,4,6,9,11 *", "never fires: "],
    ["0 0 31W 4,6 *", "never fires: "],
    ["0 0 30 2 +MON", "never fires: "],
    [`${"*".repeat(250)} * * * *`, "can be at most 256 characters"],
  ])("%j is refused with what is accepted", (text, beginning) => {
    expect(complaint(text)).toContain(beginning);
  });

  it("says whether it follows the clock", () => {
    for (const text of ["* * * * *", "*/5 * * * *", "0 */2 * * *", "0 ? * * *", "@hourly", "0 0 * * * *"])
      expect([text, parsed(text).followsClock]).toEqual([text, true]);
    for (const text of ["* 2 * * *", "0 0-23 * * *", "0 1-23/2 * * *", "@daily", "*/5 * 2 * * *"])
      expect([text, parsed(text).followsClock]).toEqual([text, false]);
  });
});

/** A part of a field and, beside it, what it says of a day: from its number, the month's length and a weekday for each day. */
interface DayPart {
  text: string;
  fits(day: number, length: number, weekdayOfDay: (day: number) => number): boolean;
}

const NAMES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const isWeekday = (weekday: number) => weekday >= 1 && weekday <= 5;

/** By trying days further and further away, those of the month alone. */
function nearest(wanted: number, length: number, weekdayOfDay: (day: number) => number): number {
  if (wanted > length) return 0;
  for (let distance = 0; ; distance++)
    for (const day of [wanted - distance, wanted + distance])
      if (day >= 1 && day <= length && isWeekday(weekdayOfDay(day))) return day;
}

function monthPart(random: () => number): DayPart {
  const n = 1 + Math.floor(random() * 31);
  const m = n + Math.floor(random() * (32 - n));
  const step = 1 + Math.floor(random() * 9);
  const parts: DayPart[] = [
    { text: `${n}`, fits: (day) => day === n },
    { text: `${n}-${m}`, fits: (day) => day >= n && day <= m },
    { text: `${n}-${m}/${step}`, fits: (day) => day >= n && day <= m && (day - n) % step === 0 },
    { text: `*/${step}`, fits: (day) => (day - 1) % step === 0 },
    { text: "L", fits: (day, length) => day === length },
    { text: `${n}W`, fits: (day, length, weekdayOfDay) => day === nearest(n, length, weekdayOfDay) },
  ];
  return parts[Math.floor(random() * parts.length)] as DayPart;
}

function weekPart(random: () => number): DayPart {
  const w = Math.floor(random() * 7);
  const nth = 1 + Math.floor(random() * 5);
  const name = random() < 0.5 ? `${w}` : (NAMES[w] as string);
  const is = (weekdayOfDay: (day: number) => number, day: number) => weekdayOfDay(day) === w;
  const parts: DayPart[] = [
    { text: name, fits: (day, _, of) => is(of, day) },
    { text: `${name}#${nth}`, fits: (day, _, of) => is(of, day) && Math.ceil(day / 7) === nth },
    { text: `${name}L`, fits: (day, length, of) => is(of, day) && day > length - 7 },
    { text: `${w}-${6}`, fits: (day, _, of) => of(day) >= w },
  ];
  return parts[Math.floor(random() * parts.length)] as DayPart;
}

/** Expressions made by chance; more take longer: some 15 ms each. */
const SEEDS = Number(process.env.MAYFLY_SCHEDULE_SEEDS ?? 400);
const TIMEOUT_MS = 30_000 + 50 * SEEDS;

describe("days", () => {
  it("are those of a calculation day by day, with L, # and W in every mixture", {
    timeout: TIMEOUT_MS,
  }, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = seededRandom(seed);
      const ofMonth =
        random() < 0.2 ? null : Array.from({ length: 1 + Math.floor(random() * 3) }, () => monthPart(random));
      const ofWeek =
        random() < 0.4 ? null : Array.from({ length: 1 + Math.floor(random() * 3) }, () => weekPart(random));
      const isBoth = ofWeek !== null && random() < 0.3;
      const list = (parts: DayPart[] | null) => parts?.map(({ text }) => text).join(",") ?? "*";
      const text = `0 12 ${list(ofMonth)} * ${isBoth ? "+" : ""}${list(ofWeek)}`;
      const answer = parseCron(text);
      const expected: string[] = [];
      for (let year = 2023; year < 2029; year++)
        for (let month = 1; month <= 12; month++) {
          const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
          const weekdayOfDay = (day: number) => new Date(Date.UTC(year, month - 1, day)).getUTCDay();
          for (let day = 1; day <= length; day++) {
            const month_ = ofMonth?.some((part) => part.fits(day, length, weekdayOfDay));
            const week = ofWeek?.some((part) => part.fits(day, length, weekdayOfDay));
            const fits =
              month_ !== undefined && week !== undefined && !isBoth
                ? month_ || week
                : (month_ ?? true) && (week ?? true);
            if (fits) expected.push(new Date(Date.UTC(year, month - 1, day, 12)).toISOString().slice(0, 19));
          }
        }
      if ("complaint" in answer) {
        // Only what none of these years has, such as a fifth Sunday that is the 5th.
        expect([text, answer.complaint, expected]).toEqual([text, "never fires: no date has such a day", []]);
        continue;
      }
      const found = times(text, "2023-01-01T00:00:00", expected.length);
      expect([text, found]).toEqual([text, expected]);
      const after = nextLocalTime(
        answer.cron,
        Date.parse(`${expected.at(-1) ?? "2023-01-01T00:00:00"}Z`) + 1000,
      );
      expect(after === null || after >= Date.UTC(2029, 0, 1)).toBe(true);
    }
  });
});

/** A field that is mostly right. */
function someField(random: () => number, least: number, most: number): string {
  const value = () => least + Math.floor(random() * (most - least + 1));
  const one = () => {
    const [a, b] = [value(), value()].toSorted((x, y) => x - y);
    return [`${a}`, "*", `*/${1 + Math.floor(random() * (most - least))}`, `${a}-${b}`, `${a}-${b}/2`][
      Math.floor(random() * 5)
    ] as string;
  };
  return random() < 0.7 ? one() : [one(), one()].join(",");
}

describe("whatever is written", () => {
  it("times are those that croner finds, in every field", () => {
    for (let seed = 1; seed <= SEEDS / 4; seed++) {
      const random = seededRandom(seed);
      const fields = [
        [0, 59],
        [0, 59],
        [0, 23],
        [1, 31],
        [1, 12],
        [0, 6],
      ].map(([least = 0, most = 0]) => someField(random, least, most));
      const text = (random() < 0.5 ? fields : fields.slice(1)).join(" ");
      const answer = parseCron(text);
      const croner = new Croner(text, { mode: "5-or-6-parts", utcOffset: 0 });
      const from = Date.UTC(2000 + Math.floor(random() * 60), 0, 1) + Math.floor(random() * 3e10);
      const expected = croner.nextRuns(10, new Date(from)).map((date) => date.getTime());
      if ("complaint" in answer) {
        expect([text, expected]).toEqual([text, []]);
        continue;
      }
      const found: number[] = [];
      for (let at = Math.floor(from / 1000) * 1000; found.length < expected.length; ) {
        at = nextLocalTime(answer.cron, at + 1000) ?? Number.NaN;
        found.push(at);
      }
      expect([text, found]).toEqual([text, expected]);
    }
  });

  it("it is read or refused with a sentence, soon", { timeout: TIMEOUT_MS }, () => {
    const letters = "0123456789*/,-#LW?+@ \t\nJANMODabc\u0000é💥:.%";
    const slowest = { ms: 0, text: "" };
    for (let seed = 1; seed <= SEEDS * 10; seed++) {
      const random = seededRandom(seed);
      const words = Array.from({ length: Math.floor(random() * 8) }, () =>
        random() < 0.5
          ? someField(random, 0, 40)
          : Array.from(
              { length: Math.floor(random() * 9) },
              () => letters[Math.floor(random() * letters.length)],
            ).join(""),
      );
      const text = words.join(random() < 0.9 ? " " : "");
      const before = process.cpuUsage();
      const answer = parseCron(text);
      if ("cron" in answer) nextLocalTime(answer.cron, Date.UTC(2026, 0, 1));
      else expect(answer.complaint).toMatch(/^(has|is|can|never)/);
      const { user } = process.cpuUsage(before);
      if (user / 1000 > slowest.ms) Object.assign(slowest, { ms: user / 1000, text });
    }
    expect(slowest.ms, slowest.text).toBeLessThan(200);
  });
});

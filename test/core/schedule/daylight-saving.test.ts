import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { dueTimes } from "../../../src/core/schedule/due.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const due = (cron: string, timeZone: string, afterMs: number, throughMs: number) =>
  dueTimes(
    { rule: { kind: "cron", cron, timeZone }, startsAt: null, endsAt: null },
    afterMs,
    throughMs,
    1000,
  );

/** What clocks show at each firing of one local day, with their offset. */
function firings(cron: string, timeZone: string, day: string): string[] {
  const start = Temporal.PlainDate.from(day).toZonedDateTime(timeZone);
  const end = Temporal.PlainDate.from(day).add({ days: 1 }).toZonedDateTime(timeZone);
  return due(cron, timeZone, start.epochMilliseconds - 1, end.epochMilliseconds - 1).map((at) =>
    Temporal.Instant.fromEpochMilliseconds(at)
      .toZonedDateTimeISO(timeZone)
      .toString({ timeZoneName: "never", smallestUnit: "minute" })
      .slice(11),
  );
}

describe("a rule with fixed hours fires once for each local time it names", () => {
  it("one that clocks skip, at the time that it is by the clock from before", () => {
    expect(firings("30 2 * * *", "Europe/Berlin", "2026-03-29")).toEqual(["03:30+02:00"]);
    expect(firings("0 0 * * *", "Africa/Cairo", "2026-04-24")).toEqual(["01:00+03:00"]);
    expect(firings("5 2 * * *", "Australia/Lord_Howe", "2026-10-04")).toEqual(["02:35+11:00"]);
  });

  it("one that clocks show twice, at the first", () => {
    expect(firings("30 2 * * *", "Europe/Berlin", "2026-10-25")).toEqual(["02:30+02:00"]);
    expect(firings("15,45 1 * * *", "America/New_York", "2026-11-01")).toEqual([
      "01:15-04:00",
      "01:45-04:00",
    ]);
    expect(firings("*/20 0-2 * * *", "America/New_York", "2026-11-01").length).toBe(9);
  });

  it("two that fall on one moment, once", () => {
    expect(firings("30 2,3 * * *", "Europe/Berlin", "2026-03-29")).toEqual(["03:30+02:00"]);
    expect(firings("0,30 2 * * *", "Australia/Lord_Howe", "2026-10-04")).toEqual(["02:30+11:00"]);
  });

  it("and in the order of time, where what is skipped comes later than what is not", () => {
    expect(firings("15,40 2 * * *", "Australia/Lord_Howe", "2026-10-04")).toEqual([
      "02:40+11:00",
      "02:45+11:00",
    ]);
  });

  it("one of a day that does not exist, on the next", () => {
    // Samoa left out the 30th of December 2011.
    expect(firings("30 2 30 12 *", "Pacific/Apia", "2011-12-31")).toEqual(["02:30+14:00"]);
    expect(firings("30 2 * * *", "Pacific/Apia", "2011-12-31")).toEqual(["02:30+14:00"]);
  });
});

describe("a rule of any hour follows the clock as it shows", () => {
  it("what clocks skip does not exist", () => {
    expect(firings("30 * * * *", "Europe/Berlin", "2026-03-29").slice(0, 4)).toEqual([
      "00:30+01:00",
      "01:30+01:00",
      "03:30+02:00",
      "04:30+02:00",
    ]);
    expect(firings("0 */2 * * *", "Europe/Berlin", "2026-03-29")).toHaveLength(11);
  });

  it("what clocks show twice fires twice", () => {
    expect(firings("30 * * * *", "Europe/Berlin", "2026-10-25").slice(1, 5)).toEqual([
      "01:30+02:00",
      "02:30+02:00",
      "02:30+01:00",
      "03:30+01:00",
    ]);
    expect(firings("*/5 * * * *", "America/New_York", "2026-11-01")).toHaveLength(25 * 12);
  });
});

/** Rules, and what they say of the face of a clock. */
const SHAPES: { cron: string; followsClock: boolean; fits(hour: number, minute: number): boolean }[] = [
  { cron: "30 2 * * *", followsClock: false, fits: (h, m) => h === 2 && m === 30 },
  { cron: "0 0 * * *", followsClock: false, fits: (h, m) => h === 0 && m === 0 },
  { cron: "15,45 0-3 * * *", followsClock: false, fits: (h, m) => h <= 3 && (m === 15 || m === 45) },
  {
    cron: "*/10 1,2,23 * * *",
    followsClock: false,
    fits: (h, m) => (h === 23 || h === 1 || h === 2) && m % 10 === 0,
  },
  { cron: "0 */35 0-23 * * *", followsClock: false, fits: (_, m) => m % 35 === 0 },
  {
    cron: "5,40 2,3,4 * * *",
    followsClock: false,
    fits: (h, m) => h >= 2 && h <= 4 && (m === 5 || m === 40),
  },
  { cron: "*/15 * * * *", followsClock: true, fits: (_, m) => m % 15 === 0 },
  { cron: "10 */2 * * *", followsClock: true, fits: (h, m) => h % 2 === 0 && m === 10 },
  { cron: "0 0 * * * *", followsClock: true, fits: (_, m) => m === 0 },
];

/** Temporal's answer for a window. Offsets of all zones since 1990 are multiples of five minutes, and so are the rules' times. */
function expectedTimes(shape: (typeof SHAPES)[number], timeZone: string, from: number, to: number): number[] {
  const found = new Set<number>();
  if (shape.followsClock) {
    for (let at = Math.ceil(from / (5 * MINUTE_MS)) * 5 * MINUTE_MS; at <= to; at += 5 * MINUTE_MS) {
      const { hour, minute } = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
      if (shape.fits(hour, minute)) found.add(at);
    }
    return [...found];
  }
  // Local times as if they were UTC, from well before the window to well after.
  const day = 24 * HOUR_MS;
  for (let local = Math.floor(from / day) * day - 2 * day; local < to + 2 * day; local += 5 * MINUTE_MS) {
    const naive = new Date(local);
    if (!shape.fits(naive.getUTCHours(), naive.getUTCMinutes())) continue;
    const at = Temporal.PlainDateTime.from(naive.toISOString().slice(0, 19)).toZonedDateTime(timeZone, {
      disambiguation: "compatible",
    }).epochMilliseconds;
    if (at >= from && at <= to) found.add(at);
  }
  return [...found].toSorted((a, b) => a - b);
}

const FIRST_MS = Date.UTC(1990, 0, 1);
const LAST_MS = Date.UTC(2040, 0, 1);

/** The moments around which clocks are looked at: a few changes of the zone's by chance, or all of them. */
function* moments(timeZone: string, samples: number, random: () => number): Generator<number> {
  const change = (after: number) =>
    Temporal.Instant.fromEpochMilliseconds(after).toZonedDateTimeISO(timeZone).getTimeZoneTransition("next")
      ?.epochMilliseconds;
  if (Number.isFinite(samples))
    for (let count = 0; count < samples; count++) {
      const at = FIRST_MS + Math.floor(random() * (LAST_MS - FIRST_MS));
      yield change(at) ?? at;
    }
  else for (let at = change(FIRST_MS); at !== undefined && at < LAST_MS; at = change(at)) yield at;
}

/** Changes of each zone, with two rules each: a second of work for each fifty. "all" is each change with each rule: an hour. */
const SAMPLES =
  process.env.MAYFLY_ZONE_SAMPLES === "all"
    ? Number.POSITIVE_INFINITY
    : Number(process.env.MAYFLY_ZONE_SAMPLES ?? 1);

describe("in every time zone, from 1990 to 2040", () => {
  const compare = (timeZone: string, moment: number, shape: (typeof SHAPES)[number]) => {
    const reach = shape.followsClock ? 5 * HOUR_MS : 27 * HOUR_MS;
    const [from, to] = [moment - reach, moment + reach];
    const found = due(shape.cron, timeZone, from - 1, to);
    const expected = expectedTimes(shape, timeZone, from, to);
    if (found.join() !== expected.join())
      expect([timeZone, shape.cron, ...found.map(asText)]).toEqual([
        timeZone,
        shape.cron,
        ...expected.map(asText),
      ]);
  };

  it(
    "due times around changes of the clock are those of Temporal",
    () => {
      const random = seededRandom(20_261_122);
      for (const timeZone of Intl.supportedValuesOf("timeZone"))
        for (const moment of moments(timeZone, SAMPLES, random)) {
          const count = Number.isFinite(SAMPLES) ? 2 : SHAPES.length;
          const first = Math.floor(random() * SHAPES.length);
          for (let n = 0; n < count; n++) {
            const shape = SHAPES[(first + n * 4) % SHAPES.length];
            if (shape) compare(timeZone, moment, shape);
          }
        }
    },
    Number.isFinite(SAMPLES) ? 120_000 * SAMPLES : 7_200_000,
  );

  it("also where clocks change by something else than an hour, or at midnight", { timeout: 60_000 }, () => {
    for (const [timeZone, year] of [
      ["Australia/Lord_Howe", 2026],
      ["Pacific/Apia", 2011],
      ["Pacific/Kwajalein", 1993],
      ["Pacific/Kiritimati", 1994],
      ["Antarctica/Troll", 2026],
      ["Antarctica/Casey", 2020],
      ["America/Caracas", 2016],
      ["Asia/Pyongyang", 2015],
      ["America/Sao_Paulo", 2018],
      ["Africa/Casablanca", 2026],
      ["America/Havana", 2026],
    ] as const)
      for (let at = Date.UTC(year, 0, 1); ; ) {
        const next = moments(timeZone, 1, () => (at - FIRST_MS) / (LAST_MS - FIRST_MS)).next().value;
        if (next === undefined || next <= at || next > Date.UTC(year + 1, 0, 15)) break;
        for (const shape of SHAPES) compare(timeZone, next, shape);
        at = next;
      }
  });
});

const asText = (at: number) => new Date(at).toISOString();

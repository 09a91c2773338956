import { describe, expect, it } from "vitest";
import { SCHEDULE_TIME_MAX_MS } from "../../../src/core/limits.ts";
import { dueTimes, lastDue, nextDue } from "../../../src/core/schedule/due.ts";
import { startOf } from "../../../src/core/schedule/jitter.ts";
import type { Rule, Timing } from "../../../src/core/schedule/schedule.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const at = (text: string) => Date.parse(text);
const always = (rule: Rule): Timing => ({ rule, startsAt: null, endsAt: null });
const cron = (text: string, timeZone = "UTC"): Rule => ({ kind: "cron", cron: text, timeZone });
const T0 = at("2026-11-22T00:00:30.500Z");

describe("a schedule is due", () => {
  it("each so often, counted from its start or from the epoch", () => {
    const rule: Rule = { kind: "every", everyMs: 7 * 60_000 };
    const [first = 0, second] = dueTimes(always(rule), T0, T0 + 3_600_000, 2);
    expect(first % rule.everyMs).toBe(0);
    expect(second).toBe(first + rule.everyMs);
    expect(dueTimes({ rule, startsAt: T0, endsAt: null }, T0 - 1, T0 + 3_600_000, 2)).toEqual([
      T0,
      T0 + rule.everyMs,
    ]);
    expect(dueTimes({ rule, startsAt: T0, endsAt: null }, T0, T0 + 3_600_000, 1)).toEqual([
      T0 + rule.everyMs,
    ]);
    expect(nextDue({ rule, startsAt: T0, endsAt: null }, at("2020-01-01T00:00:00Z"))).toBe(T0);
  });

  it("at given times, once each and in their order", () => {
    const rule: Rule = { kind: "at", times: [T0 + 2000, T0, T0 + 2000, T0 + 1000] };
    expect(dueTimes(always(rule), T0 - 1, T0 + 5000, 9)).toEqual([T0, T0 + 1000, T0 + 2000]);
    expect(nextDue(always(rule), T0 + 2000)).toBeNull();
  });

  it("from its first moment on, and not at its end", () => {
    const timing = (starts: string, ends: string): Timing => ({
      rule: cron("0 * * * *"),
      startsAt: at(starts),
      endsAt: at(ends),
    });
    const hours = (timing: Timing) =>
      dueTimes(timing, 0, T0 + 1e10, 9).map((time) => new Date(time).toISOString().slice(11, 16));
    expect(hours(timing("2026-11-22T10:00:00Z", "2026-11-22T13:00:00Z"))).toEqual([
      "10:00",
      "11:00",
      "12:00",
    ]);
    expect(hours(timing("2026-11-22T10:00:00.001Z", "2026-11-22T13:00:00.001Z"))).toEqual([
      "11:00",
      "12:00",
      "13:00",
    ]);
    expect(hours(timing("2026-11-22T10:10:00Z", "2026-11-22T10:20:00Z"))).toEqual([]);
  });

  it("for the last time in the year 9999", () => {
    expect(nextDue(always(cron("59 59 23 31 12 *")), SCHEDULE_TIME_MAX_MS - 1)).toBe(SCHEDULE_TIME_MAX_MS);
    for (const rule of [
      cron("* * * * * *"),
      cron("* * * * *", "Asia/Tokyo"),
      { kind: "every", everyMs: 1000 } as const,
    ])
      expect(nextDue(always(rule), SCHEDULE_TIME_MAX_MS)).toBeNull();
  });

  it("with a bounded answer, however often", () => {
    expect(dueTimes(always(cron("* * * * * *")), T0, T0 + 1e12, 100)).toHaveLength(100);
  });

  it("last when the list of all times ends", () => {
    const rules = ["* * * * *", "30 2 * * *", "0 0 L * *", "*/7 3 * * *", "0 0 29 2 *", "* * 3 * * *"];
    for (let seed = 1; seed <= 100; seed++) {
      const random = seededRandom(seed);
      const rule = cron(
        rules[Math.floor(random() * rules.length)] ?? "",
        random() < 0.5 ? "UTC" : "Europe/Berlin",
      );
      const through = T0 + Math.floor(random() * 1e10);
      const after = through - Math.floor(random() ** 3 * 3 * 86_400_000);
      const all = dueTimes(always(rule), after, through, 1e6);
      expect([seed, lastDue(always(rule), after, through)]).toEqual([seed, all.at(-1) ?? null]);
    }
  });
});

describe("jitter", () => {
  it("is the same for the same due time, within its bound, and spreads schedules and due times evenly", () => {
    const shares = (id: (n: number) => string, dueAt: (n: number) => number) =>
      Array.from({ length: 1000 }, (_, n) => {
        const schedule = { id: id(n), jitterMs: 30_000 };
        expect(startOf(schedule, dueAt(n))).toBe(startOf(schedule, dueAt(n)));
        return (startOf(schedule, dueAt(n)) - dueAt(n)) / schedule.jitterMs;
      });
    const minute = Math.floor(T0 / 60_000) * 60_000;
    for (const all of [
      shares(
        (n) => `default/job-${n}/nightly`,
        () => minute,
      ),
      shares(
        (n) => `default/nightly/job-${n}`,
        () => minute,
      ),
      shares(
        () => "default/job/often",
        (n) => minute + n * 60_000,
      ),
      shares(
        () => "default/job/nightly",
        (n) => minute + n * 86_400_000,
      ),
    ]) {
      const tenths = Array.from(
        { length: 10 },
        (_, tenth) => all.filter((share) => Math.floor(share * 10) === tenth).length,
      );
      expect(tenths.reduce((sum, count) => sum + count)).toBe(1000);
      for (const count of tenths) expect(count).toBeGreaterThan(50);
    }
    expect(startOf({ id: "default/job/exact", jitterMs: 0 }, T0)).toBe(T0);
  });
});

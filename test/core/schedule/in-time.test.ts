import { describe, expect, it } from "vitest";
import {
  SCHEDULE_GRACE_MS,
  SCHEDULE_PROMPT_MS,
  SCHEDULE_SLOW_MAX_MS,
  TIMEKEEPER_BATCH_FIRINGS,
} from "../../../src/core/limits.ts";
import { decide, placeFrom } from "../../../src/core/schedule/decide.ts";
import { dueTimes } from "../../../src/core/schedule/due.ts";
import { startOf } from "../../../src/core/schedule/jitter.ts";
import {
  type ArmedFiring,
  CATCH_UP_MODES,
  type CatchUpMode,
  type Place,
  type Rule,
  type Schedule,
} from "../../../src/core/schedule/schedule.ts";
import { startArmed } from "../../../src/core/schedule/start.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const SECOND_MS = 1000;
const DAY_MS = 86_400 * SECOND_MS;
/** A full hour, when all schedules here are due. */
const T0 = Date.UTC(2026, 10, 22, 12);
const EACH_10_S: Rule = { kind: "every", everyMs: 10 * SECOND_MS };

const aSchedule = (mode: CatchUpMode, change: Partial<Schedule> = {}): Schedule => ({
  id: "default/report/often",
  rule: EACH_10_S,
  startsAt: null,
  endsAt: null,
  catchUp: { mode, windowMs: DAY_MS, afterPause: false },
  jitterMs: 0,
  ...change,
});
const seconds = (at: number) => (at - T0) / SECOND_MS;

/** How the outage met what was due in it. */
type Met = "not decided" | "armed" | "armed, of which an alarm sees the first ones";
const METS: readonly Met[] = ["not decided", "armed", "armed, of which an alarm sees the first ones"];

/** What becomes of due times after `fromMs` by somebody who comes at `nowMs`, after nobody did; those of later are left out. */
function afterOutage(
  schedule: Schedule,
  fromMs: number,
  nowMs: number,
  met: Met,
  pause: Partial<Place> = {},
): [number, string][] {
  const place = { ...placeFrom(fromMs), ...pause };
  const came =
    met === "not decided" ? decide(schedule, place, nowMs).firings : armedAhead(schedule, place, nowMs);
  const told = came.flatMap((firing): [number, string][] =>
    firing.outcome === "armed" ? [] : [[firing.dueAt, firing.outcome]],
  );
  let armed = came
    .filter((firing) => firing.outcome === "armed")
    .filter(({ startAt }) => startAt <= nowMs)
    .toSorted((a, b) => a.startAt - b.startAt || a.dueAt - b.dueAt);
  while (armed.length > 0) {
    const seen = met.endsWith("first ones") ? armed.slice(0, TIMEKEEPER_BATCH_FIRINGS) : armed;
    armed = armed.slice(seen.length);
    for (const { dueAt, outcome } of startArmed(schedule, seen, place, nowMs, nowMs))
      told.push([dueAt, outcome]);
  }
  return told.toSorted(([a], [b]) => a - b);
}

/** As they were armed before their time. */
function armedAhead(schedule: Schedule, { decidedTo }: Place, nowMs: number): ArmedFiring[] {
  return dueTimes(schedule, decidedTo, nowMs, 1000).map((dueAt) => ({
    outcome: "armed",
    dueAt,
    startAt: startOf(schedule, dueAt),
  }));
}

describe.each(METS)("after an outage of 100 seconds, where what was due in it was %s,", (met) => {
  const now = T0 + 3 * SECOND_MS;
  const became = (schedule: Schedule, pause?: Partial<Place>) =>
    afterOutage(schedule, T0 - 95 * SECOND_MS, now, met, pause).map(([dueAt, outcome]) => [
      seconds(dueAt),
      outcome,
    ]);
  const older = [-90, -80, -70, -60, -50, -40, -30, -20, -10];
  const each = (outcome: string) => older.map((dueAt) => [dueAt, outcome]);

  it.each(["none", "latest"] as const)(
    "the newest due time runs and the others are missed, with %s",
    (mode) => {
      expect(became(aSchedule(mode))).toEqual([...each("missed"), [0, "ran"]]);
    },
  );

  it("each is made good with all, and the newest is in time", () => {
    expect(became(aSchedule("all"))).toEqual([...each("caught_up"), [0, "ran"]]);
  });

  it("one that is still the newest is in time, whatever is caught up", () => {
    const hourly = (mode: CatchUpMode) => aSchedule(mode, { rule: { kind: "every", everyMs: 3_600_000 } });
    const late = (mode: CatchUpMode) =>
      afterOutage(hourly(mode), T0 - SECOND_MS, T0 + 100 * SECOND_MS, met).map(([, outcome]) => outcome);
    expect(CATCH_UP_MODES.map(late)).toEqual([["ran"], ["ran"], ["caught_up"]]);
  });

  it("the last one before a schedule's end is the newest, and so is the last of named times", () => {
    const ended = aSchedule("none", { endsAt: T0 - 25 * SECOND_MS });
    expect(became(ended).slice(-2)).toEqual([
      [-40, "missed"],
      [-30, "ran"],
    ]);
    const times = [-20, -80].map((second) => T0 + second * SECOND_MS);
    expect(became(aSchedule("none", { rule: { kind: "at", times } }))).toEqual([
      [-80, "missed"],
      [-20, "ran"],
    ]);
  });

  it("one is the newest as long as the next has not started, which jitter delays", () => {
    const schedule = aSchedule("none", { jitterMs: 40 * SECOND_MS });
    const told = new Map(afterOutage(schedule, T0 - 95 * SECOND_MS, now, met));
    const superseded = (dueAt: number) => {
      const [start, next] = [startOf(schedule, dueAt), startOf(schedule, dueAt + 10 * SECOND_MS)];
      return next > start && next <= now;
    };
    const late = [...told.keys()].filter((dueAt) => now - startOf(schedule, dueAt) > SCHEDULE_PROMPT_MS);
    expect(late.map((dueAt) => told.get(dueAt))).toEqual(
      late.map((dueAt) => (superseded(dueAt) ? "missed" : "ran")),
    );
    expect(new Set(late.map(superseded)).size).toBe(2);
  });

  it("what came due in a pause takes nothing's place", () => {
    const pause = { pausedAt: T0 - 45 * SECOND_MS, resumedAt: null };
    const told = became(aSchedule("none"), pause).filter(([, outcome]) => outcome !== "paused");
    expect(told).toEqual(met === "not decided" ? [] : [...each("missed").slice(0, 4), [-50, "ran"]]);
    const over = { ...pause, resumedAt: T0 - 5 * SECOND_MS };
    expect(became(aSchedule("none"), over)).toEqual([
      ...each("missed").slice(0, 5),
      ...each("paused").slice(5),
      [0, "ran"],
    ]);
  });

  it("nothing is missed that is late by a hiccup of an alarm", () => {
    const eachSecond = aSchedule("none", { rule: { kind: "every", everyMs: SECOND_MS } });
    const told = afterOutage(eachSecond, T0 - 95 * SECOND_MS, T0, met);
    expect(told.filter(([, outcome]) => outcome === "ran").map(([dueAt]) => T0 - dueAt)).toEqual(
      Array.from(
        { length: SCHEDULE_PROMPT_MS / SECOND_MS + 1 },
        (_, n) => SCHEDULE_PROMPT_MS - n * SECOND_MS,
      ),
    );
  });
});

describe("an armed firing that nobody came for in time", () => {
  const armed = (second: number, startAt = T0 + second * SECOND_MS): ArmedFiring => ({
    outcome: "armed",
    dueAt: T0 + second * SECOND_MS,
    startAt,
  });
  const start = (schedule: Schedule, rows: ArmedFiring[], now: number, since = now, countsFrom = 0) =>
    startArmed(schedule, rows, placeFrom(countsFrom), now, since).map(({ dueAt, outcome }) => [
      seconds(dueAt),
      outcome,
    ]);

  it("is not the latest where one that is newer has come due, and is not armed yet", () => {
    const late = T0 + 10 * 60 * SECOND_MS;
    expect(start(aSchedule("latest"), [armed(0), armed(10)], late)).toEqual([
      [0, "missed"],
      [10, "missed"],
    ]);
    expect(start(aSchedule("latest", { endsAt: T0 + 15 * SECOND_MS }), [armed(0), armed(10)], late)).toEqual([
      [0, "missed"],
      [10, "caught_up"],
    ]);
  });

  it("gives way to a newer one of the rule that was in force then", () => {
    const hourly: Rule = { kind: "every", everyMs: 3_600_000 };
    const rows = [armed(1), armed(11), armed(21)];
    const changedAt = T0 + 25 * SECOND_MS;
    const at = (mode: CatchUpMode, late: number) =>
      start(aSchedule(mode, { rule: hourly }), rows, T0 + late * SECOND_MS, undefined, changedAt).map(
        ([, outcome]) => outcome,
      );
    expect(at("none", 100)).toEqual(["missed", "missed", "ran"]);
    expect(at("latest", 600)).toEqual(["missed", "missed", "caught_up"]);
  });

  it("is as late as it was when it was armed, where somebody came for it then", () => {
    const decidedAt = T0 + 100 * SECOND_MS;
    const hourly: Rule = { kind: "every", everyMs: 3_600_000 };
    const of = (mode: CatchUpMode, now: number) =>
      start(aSchedule(mode, { rule: hourly }), [armed(0, decidedAt)], now).map(([, outcome]) => outcome)[0];
    const soon = decidedAt + SCHEDULE_PROMPT_MS;
    expect(CATCH_UP_MODES.map((mode) => of(mode, soon))).toEqual(["ran", "ran", "caught_up"]);
    const inTime = decidedAt + SCHEDULE_GRACE_MS;
    expect(CATCH_UP_MODES.map((mode) => of(mode, inTime))).toEqual(["ran", "ran", "caught_up"]);
    expect(CATCH_UP_MODES.map((mode) => of(mode, inTime + 1))).toEqual(["missed", "caught_up", "caught_up"]);
  });

  it("is in time for whoever armed it, and so for whoever starts it soon after that", () => {
    const decidedAt = T0 + SCHEDULE_PROMPT_MS;
    const of = (now: number) => start(aSchedule("all"), [armed(0, decidedAt)], now)[0]?.[1];
    const soon = decidedAt + SCHEDULE_PROMPT_MS;
    expect([of(soon), of(soon + 1)]).toEqual(["ran", "caught_up"]);
  });

  it("gives way to the next one after an outage since it was armed, and not before", () => {
    const decidedAt = T0 + 5 * SECOND_MS;
    const of = (now: number) => start(aSchedule("none"), [armed(0, decidedAt)], now)[0]?.[1];
    expect([of(decidedAt + SCHEDULE_PROMPT_MS), of(decidedAt + SCHEDULE_PROMPT_MS + 1)]).toEqual([
      "ran",
      "missed",
    ]);
  });

  it("is slow and not missed where its timekeeper came in time and had too much to start, up to an hour", () => {
    const of = (lateMs: number, cameMs: number) =>
      start(aSchedule("none"), [armed(0)], T0 + lateMs, T0 + cameMs)[0]?.[1];
    expect([of(600_000, -1000), of(600_000, SCHEDULE_PROMPT_MS)]).toEqual(["ran", "ran"]);
    expect(of(600_000, SCHEDULE_PROMPT_MS + 1)).toBe("missed");
    expect([of(SCHEDULE_SLOW_MAX_MS, 0), of(SCHEDULE_SLOW_MAX_MS + 1, 0)]).toEqual(["ran", "missed"]);
  });

  it("is decided as of when its timekeeper came, however long the others of its batch take", () => {
    const window = { mode: "all", windowMs: 60 * SECOND_MS, afterPause: false } as const;
    const rows = [armed(0), armed(30), armed(60)];
    const came = T0 + 75 * SECOND_MS;
    for (const laterMs of [0, 1000, 600_000])
      expect(start(aSchedule("all", { catchUp: window }), rows, came + laterMs, came)).toEqual([
        [0, "missed"],
        [30, "caught_up"],
        [60, "caught_up"],
      ]);
  });
});

it("what becomes of due times after an outage does not depend on how much of them was decided before it", () => {
  const random = seededRandom(1);
  const pick = <T>(...values: T[]) => values[Math.floor(random() * values.length)] as T;
  for (let round = 0; round < 600; round++) {
    const windowMs = pick(30, 100, 600, 86_400) * SECOND_MS;
    const schedule = aSchedule("none", {
      id: `default/j/${round}`,
      rule: pick<Rule>(
        { kind: "every", everyMs: pick(1, 7, 15, 60, 100, 400) * SECOND_MS },
        { kind: "cron", cron: pick("* * * * *", "*/20 * * * * *", "0 */3 * * * *"), timeZone: "UTC" },
        { kind: "at", times: Array.from({ length: 9 }, () => T0 + Math.floor(random() * 400) * SECOND_MS) },
      ),
      endsAt: pick(null, T0 + 200 * SECOND_MS),
      jitterMs: pick(0, 0, 5, 40, 300) * SECOND_MS,
      catchUp: { mode: pick(...CATCH_UP_MODES), windowMs, afterPause: false },
    });
    const now = T0 + Math.floor(random() * 500) * SECOND_MS + pick(0, 1, 500);
    const [undecided, ...others] = METS.map((met) => afterOutage(schedule, T0, now, met));
    for (const other of others) expect(other, JSON.stringify({ round, schedule, now })).toEqual(undecided);
  }
});

import { describe, expect, it } from "vitest";
import {
  DUE_TIMES_WEIGHED_MAX,
  PASSED_COUNTED_MAX,
  PUNCTUAL_LEAD_MS,
  SCHEDULE_AHEAD_MS,
  SCHEDULE_GRACE_MS,
  SCHEDULE_PROMPT_MS,
} from "../../../src/core/limits.ts";
import { decide, isAhead, placeFrom } from "../../../src/core/schedule/decide.ts";
import { nextDue } from "../../../src/core/schedule/due.ts";
import type {
  ArmedFiring,
  CatchUp,
  DecidedFiring,
  FiringOutcome,
  PassedFiring,
  Place,
  Schedule,
} from "../../../src/core/schedule/schedule.ts";
import { startArmed } from "../../../src/core/schedule/start.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A full hour, so that the times of the rules are easy to say. */
const T0 = Date.UTC(2026, 10, 22, 12);

const catchUp = (mode: CatchUp["mode"], windowMs = DAY_MS, afterPause = false): CatchUp => ({
  mode,
  windowMs,
  afterPause,
});

/** Due each ten minutes. */
const aSchedule = (change: Partial<Schedule> = {}): Schedule => ({
  id: "default/report/often",
  rule: { kind: "cron", cron: "*/10 * * * *", timeZone: "UTC" },
  startsAt: null,
  endsAt: null,
  catchUp: catchUp("latest"),
  jitterMs: 0,
  ...change,
});
const everySecond = (change: Partial<Schedule> = {}) =>
  aSchedule({ rule: { kind: "every", everyMs: 1000 }, ...change });
const decidedTo = (at: number): Place => placeFrom(at);

/** The firings in short: "armed +10m", "missed -30m to -10m (3)". */
function short(firings: DecidedFiring[]): string[] {
  const minutes = (at: number) => `${at < T0 ? "" : "+"}${(at - T0) / MINUTE_MS}m`;
  return firings.map((firing) =>
    firing.outcome === "armed" || firing.count === 1
      ? `${firing.outcome} ${minutes(firing.dueAt)}`
      : `${firing.outcome} ${minutes(firing.dueAt)} to ${minutes(firing.throughAt)} (${firing.count}${firing.isCountExact ? "" : " and more"})`,
  );
}

describe("a due time is armed", () => {
  it("when it is near, and the next one is named", () => {
    const decision = decide(aSchedule(), decidedTo(T0 - 5 * MINUTE_MS), T0 - MINUTE_MS);
    expect(decision).toEqual({
      firings: [{ outcome: "armed", dueAt: T0, startAt: T0 }],
      decidedTo: T0 - MINUTE_MS + SCHEDULE_AHEAD_MS,
      nextDueAt: T0 + 10 * MINUTE_MS,
    });
  });

  it("not before it is near", () => {
    expect(decide(aSchedule(), decidedTo(T0 - 5 * MINUTE_MS), T0 - 2 * MINUTE_MS).firings).toEqual([]);
  });

  it("once, however often it is asked for from the place that was left", () => {
    const first = decide(aSchedule(), decidedTo(T0 - 5 * MINUTE_MS), T0 - MINUTE_MS);
    for (const now of [T0 - MINUTE_MS, T0, T0 + MINUTE_MS])
      expect(decide(aSchedule(), decidedTo(first.decidedTo), now).firings).toEqual([]);
  });

  it("up to two minutes late whatever is caught up, at once", () => {
    const schedule = aSchedule({ catchUp: catchUp("none") });
    const late = T0 + SCHEDULE_GRACE_MS;
    expect(decide(schedule, decidedTo(T0 - 1), late).firings).toEqual([
      { outcome: "armed", dueAt: T0, startAt: late },
    ]);
    expect(short(decide(schedule, decidedTo(T0 - 1), late + 1).firings)).toEqual(["missed +0m"]);
  });

  it("with its jitter, by which lateness is measured, too", () => {
    const schedule = aSchedule({ catchUp: catchUp("none"), jitterMs: HOUR_MS });
    const [armed] = decide(schedule, decidedTo(T0 - 1), T0 - MINUTE_MS).firings as ArmedFiring[];
    const startAt = armed?.startAt ?? 0;
    expect(startAt).toBeGreaterThan(T0 + 5 * MINUTE_MS);
    const only = (now: number) => decide(schedule, decidedTo(T0 - 1), now).firings[0];
    expect(only(startAt - 1)).toEqual({ outcome: "armed", dueAt: T0, startAt });
    expect(only(startAt + SCHEDULE_GRACE_MS)).toMatchObject({ outcome: "armed", dueAt: T0 });
    expect(only(startAt + SCHEDULE_GRACE_MS + 1)).toMatchObject({ outcome: "missed", dueAt: T0 });
  });
});

describe("after an outage", () => {
  const back = T0 + 35 * MINUTE_MS;
  const afterOutage = (change: Partial<Schedule>, place = decidedTo(T0 - MINUTE_MS)) =>
    decide(aSchedule(change), place, back);

  it("nothing is caught up with none, and all is told", () => {
    expect(short(afterOutage({ catchUp: catchUp("none") }).firings)).toEqual([
      "missed +0m",
      "missed +10m",
      "missed +20m",
      "missed +30m",
    ]);
  });

  it("the last one is with latest, and at once", () => {
    const { firings } = afterOutage({ catchUp: catchUp("latest") });
    expect(short(firings)).toEqual(["missed +0m", "missed +10m", "missed +20m", "armed +30m"]);
    expect(firings.at(-1)).toMatchObject({ startAt: back });
  });

  it("each one is with all", () => {
    expect(short(afterOutage({ catchUp: catchUp("all") }).firings)).toEqual([
      "armed +0m",
      "armed +10m",
      "armed +20m",
      "armed +30m",
    ]);
  });

  it("what is later than the window is not", () => {
    expect(short(afterOutage({ catchUp: catchUp("all", 15 * MINUTE_MS) }).firings)).toEqual([
      "missed +0m",
      "missed +10m",
      "armed +20m",
      "armed +30m",
    ]);
    expect(short(afterOutage({ catchUp: catchUp("latest", 4 * MINUTE_MS) }).firings).at(-1)).toBe(
      "missed +30m",
    );
  });

  it("a last one that is hardly late is the latest, and no older one is caught up beside it", () => {
    expect(short(decide(aSchedule(), decidedTo(T0 - 1), T0 + 21 * MINUTE_MS).firings)).toEqual([
      "missed +0m",
      "missed +10m",
      "armed +20m",
    ]);
  });

  it("of a schedule that has ended meanwhile the latest is run all the same", () => {
    const { firings, nextDueAt } = afterOutage({ endsAt: T0 + 15 * MINUTE_MS });
    expect([short(firings), nextDueAt]).toEqual([["missed +0m", "armed +10m"], null]);
  });

  it("of a time that was named once it is run within a day, and missed later", () => {
    const once = aSchedule({ rule: { kind: "at", times: [T0] } });
    expect(short(decide(once, decidedTo(T0 - DAY_MS), T0 + 23 * HOUR_MS).firings)).toEqual(["armed +0m"]);
    expect(short(decide(once, decidedTo(T0 - DAY_MS), T0 + 25 * HOUR_MS).firings)).toEqual(["missed +0m"]);
  });

  it("a thousand missed ones have a row each, and more are one row with their number", () => {
    const missed = (count: number) =>
      decide(
        everySecond({ catchUp: catchUp("none") }),
        decidedTo(T0 - count * 1000 - SCHEDULE_GRACE_MS - 1000),
        T0,
      ).firings.filter(({ outcome, dueAt }) => outcome === "missed" && dueAt < T0 - SCHEDULE_GRACE_MS);
    expect(missed(1000)).toHaveLength(1000);
    expect(short(missed(6000))).toEqual(["missed -102m to -2.0166666666666666m (6000)"]);
  });

  it("of years it is told in a bounded answer, and what is due next is not kept waiting", () => {
    const years = 3 * 365 * DAY_MS;
    const { firings, nextDueAt } = decide(everySecond(), decidedTo(T0 - years), T0);
    const [row, ...others] = firings;
    expect(row).toMatchObject({
      outcome: "missed",
      dueAt: T0 - years + 1000,
      throughAt: T0 - SCHEDULE_GRACE_MS - 1000,
      count: PASSED_COUNTED_MAX,
      isCountExact: false,
    });
    const armed = others.filter(({ outcome }) => outcome === "armed");
    expect(armed).toHaveLength((SCHEDULE_PROMPT_MS + SCHEDULE_AHEAD_MS) / 1000 + 1);
    expect(others).toHaveLength((SCHEDULE_GRACE_MS + SCHEDULE_AHEAD_MS) / 1000 + 1);
    expect(nextDueAt).toBe(T0 + SCHEDULE_AHEAD_MS + 1000);
  });

  it("what is to be caught up goes oldest first and goes on where it ended, each once", () => {
    const schedule = everySecond({ catchUp: catchUp("all", HOUR_MS) });
    const seen: number[] = [];
    let place = decidedTo(T0 - 2 * HOUR_MS);
    for (let nextDueAt: number | null = 0; nextDueAt !== null && nextDueAt <= T0 + SCHEDULE_AHEAD_MS; ) {
      const decision = decide(schedule, place, T0);
      const armed = decision.firings.filter(({ outcome }) => outcome === "armed");
      expect(armed.length).toBeLessThanOrEqual(DUE_TIMES_WEIGHED_MAX);
      seen.push(...armed.map(({ dueAt }) => dueAt));
      place = { ...place, decidedTo: decision.decidedTo };
      nextDueAt = decision.nextDueAt;
    }
    expect(seen).toEqual(Array.from({ length: 3600 + 91 }, (_, n) => T0 - HOUR_MS + n * 1000));
  });
});

describe("a place that a clock ahead has put", () => {
  const ahead: Place = { ...placeFrom(T0 - HOUR_MS), decidedTo: T0 + HOUR_MS };

  it("is taken back so far that all that can still start in time is armed, also what jitter delays", () => {
    const schedule = aSchedule({ catchUp: catchUp("none"), jitterMs: 4 * HOUR_MS });
    const startsLate = decide(schedule, { ...ahead, countsFrom: 0 }, T0).firings.filter(
      (firing) => firing.outcome === "armed" && firing.dueAt < T0 - SCHEDULE_GRACE_MS,
    );
    expect(startsLate.length).toBeGreaterThan(5);
  });

  it("is not taken back to before its rule was there", () => {
    const young = { ...ahead, countsFrom: T0 - 10_000 };
    const [first] = decide(everySecond(), young, T0).firings;
    expect(first).toMatchObject({ outcome: "armed", dueAt: T0 - 9000 });
  });

  it("is taken back to now where the rule itself was put by that clock", () => {
    const { firings } = decide(everySecond(), placeFrom(T0 + HOUR_MS), T0);
    expect(firings[0]).toMatchObject({ outcome: "armed", dueAt: T0 + 1000 });
  });
});

describe("a pause", () => {
  const paused = (from: number, to: number | null): Place => ({
    ...placeFrom(T0 - MINUTE_MS),
    pausedAt: T0 + from * MINUTE_MS,
    resumedAt: to === null ? null : T0 + to * MINUTE_MS,
  });

  it("while it lasts, decides nothing and names no next time", () => {
    expect(decide(aSchedule(), paused(5, null), T0 + HOUR_MS)).toMatchObject({
      firings: [],
      nextDueAt: null,
    });
  });

  it("leaves out what comes due in it, and tells so; what was missed before it is not caught up after", () => {
    expect(short(decide(aSchedule(), paused(5, 35), T0 + 36 * MINUTE_MS).firings)).toEqual([
      "missed +0m",
      "paused +10m",
      "paused +20m",
      "paused +30m",
    ]);
    expect(short(decide(aSchedule(), paused(10, 30), T0 + 31 * MINUTE_MS).firings)).toEqual([
      "missed +0m",
      "paused +10m",
      "paused +20m",
      "armed +30m",
    ]);
  });

  it("is the end of what was missed before it, with all, too", () => {
    const schedule = aSchedule({ catchUp: catchUp("all") });
    expect(short(decide(schedule, paused(5, 15), T0 + 36 * MINUTE_MS).firings)).toEqual([
      "missed +0m",
      "paused +10m",
      "armed +20m",
      "armed +30m",
    ]);
  });

  it("is caught up where the schedule says so", () => {
    const schedule = aSchedule({ catchUp: catchUp("latest", DAY_MS, true) });
    expect(short(decide(schedule, paused(5, 35), T0 + 36 * MINUTE_MS).firings)).toEqual([
      "missed +0m",
      "missed +10m",
      "missed +20m",
      "armed +30m",
    ]);
  });

  it("that a clock ahead has ended in a year does not go on until then", () => {
    const place = paused(5, (365 * DAY_MS) / MINUTE_MS);
    expect(short(decide(aSchedule(), place, T0 + 39 * MINUTE_MS).firings).at(-1)).toBe("armed +40m");
  });
});

describe("an armed firing whose time has come", () => {
  const EACH_MINUTE = { kind: "every", everyMs: MINUTE_MS } as const;
  const armed = (dueAt: number, startAt = dueAt): ArmedFiring => ({ outcome: "armed", dueAt, startAt });
  const outcomes = (
    schedule: Schedule,
    firings: ArmedFiring[],
    now: number,
    pause: { pausedAt: number; resumedAt: number | null } | null = null,
  ) =>
    startArmed({ ...schedule, rule: EACH_MINUTE }, firings, { ...placeFrom(0), ...pause }, now, now).map(
      ({ dueAt, outcome }) => [(dueAt - T0) / MINUTE_MS, outcome],
    );

  it("runs, and one of a later time does not yet", () => {
    expect(outcomes(aSchedule(), [armed(T0 + MINUTE_MS), armed(T0)], T0 + 10)).toEqual([[0, "ran"]]);
  });

  it("is not due any more where the rule was changed before its time", () => {
    const place = placeFrom(T0 + 10);
    const schedule = aSchedule({ rule: { kind: "every", everyMs: HOUR_MS } });
    const rows = [armed(T0), armed(T0 + MINUTE_MS), armed(T0 + HOUR_MS)];
    const now = T0 + HOUR_MS;
    expect(startArmed(schedule, rows, place, now, T0).map(({ outcome }) => outcome)).toEqual([
      "ran",
      "not_due",
      "ran",
    ]);
  });

  it("has caught up where it was armed too late to be in time", () => {
    const late = T0 + HOUR_MS;
    const none = aSchedule({ catchUp: catchUp("none") });
    expect(outcomes(none, [armed(T0, late)], late + SCHEDULE_PROMPT_MS)).toEqual([[0, "caught_up"]]);
    const inTime = T0 + SCHEDULE_GRACE_MS;
    expect(outcomes(none, [armed(T0, inTime)], inTime + SCHEDULE_PROMPT_MS)).toEqual([[0, "ran"]]);
  });

  it("that nobody started in time is what an outage is", () => {
    const all = [armed(T0 - MINUTE_MS), armed(T0)];
    const late = T0 + SCHEDULE_GRACE_MS + 1;
    const ended = (mode: CatchUp["mode"]) => aSchedule({ catchUp: catchUp(mode), endsAt: T0 + 1 });
    expect(outcomes(ended("none"), all, late)).toEqual([
      [-1, "missed"],
      [0, "missed"],
    ]);
    expect(outcomes(ended("latest"), all, late)).toEqual([
      [-1, "missed"],
      [0, "caught_up"],
    ]);
    expect(outcomes(ended("all"), all, late)).toEqual([
      [-1, "caught_up"],
      [0, "caught_up"],
    ]);
    expect(outcomes(ended("all"), all, T0 + 2 * DAY_MS)).toEqual([
      [-1, "missed"],
      [0, "missed"],
    ]);
  });

  it("of a punctual schedule is armed for ahead of its time, and then started ahead, or left until then in a pause", () => {
    const punctual = aSchedule({ punctual: true });
    const [firing] = decide(punctual, decidedTo(T0 - MINUTE_MS), T0 - MINUTE_MS).firings;
    expect(firing).toEqual({ outcome: "armed", dueAt: T0, startAt: T0 - PUNCTUAL_LEAD_MS });
    const at = T0 - PUNCTUAL_LEAD_MS;
    expect(outcomes(punctual, [armed(T0, at)], at)).toEqual([[0, "ahead"]]);
    expect(outcomes(punctual, [armed(T0, at)], T0)).toEqual([[0, "ran"]]);
    expect(outcomes(punctual, [armed(T0, at)], T0 + SCHEDULE_PROMPT_MS)).toEqual([[0, "ran"]]);
    expect(outcomes(punctual, [armed(T0, at)], at, { pausedAt: at, resumedAt: null })).toEqual([
      [0, "early"],
    ]);
    // It was punctual when it was armed.
    expect(outcomes(aSchedule(), [armed(T0, at)], at)).toEqual([[0, "early"]]);
  });

  it("does not run once the schedule is paused, but for what was due before", () => {
    expect(
      outcomes(aSchedule(), [armed(T0 - MINUTE_MS), armed(T0)], T0, { pausedAt: T0, resumedAt: null }),
    ).toEqual([
      [-1, "ran"],
      [0, "paused"],
    ]);
  });

  it("does not run after the pause in which it was due, however late somebody comes for it, unless that counts as an outage", () => {
    const pause = { pausedAt: T0, resumedAt: T0 + MINUTE_MS / 2 };
    const firings = [armed(T0), armed(T0 + MINUTE_MS)];
    const now = T0 + MINUTE_MS;
    expect(outcomes(aSchedule(), firings, now, pause)).toEqual([
      [0, "paused"],
      [1, "ran"],
    ]);
    const outage = aSchedule({ catchUp: catchUp("all", DAY_MS, true) });
    expect(outcomes(outage, firings, now, pause)).toEqual([
      [0, "caught_up"],
      [1, "ran"],
    ]);
  });
});

/** What the ledger holds, with the rules by which `decide.ts` says that answers are added. */
class Ledger {
  readonly rows = new Map<number, FiringOutcome>();
  readonly spans = new Map<number, PassedFiring>();
  readonly armed = new Map<number, ArmedFiring>();
  readonly runs: number[] = [];

  add(firings: DecidedFiring[]): void {
    for (const firing of firings)
      if (firing.outcome !== "armed" && firing.count > 1) this.#addSpan(firing);
      else this.#addRow(firing);
  }

  #addRow(firing: DecidedFiring): void {
    const known = this.rows.get(firing.dueAt);
    const givesWay = (known === "missed" || known === "paused") && firing.outcome === "armed";
    if (known !== undefined && !givesWay) return;
    this.rows.set(firing.dueAt, firing.outcome);
    if (firing.outcome === "armed") this.armed.set(firing.dueAt, firing);
  }

  #addSpan(span: PassedFiring): void {
    if (span.throughAt > (this.spans.get(span.dueAt)?.throughAt ?? 0)) this.spans.set(span.dueAt, span);
  }

  start(schedule: Schedule, nowMs: number): void {
    for (const { dueAt, outcome } of startArmed(
      schedule,
      [...this.armed.values()],
      placeFrom(0),
      nowMs,
      nowMs,
    )) {
      if (outcome === "ahead" || outcome === "early") throw new Error("no schedule here is punctual");
      if (outcome === "not_due") throw new Error("no rule here is changed");
      this.armed.delete(dueAt);
      this.rows.set(dueAt, outcome);
      if (outcome === "ran" || outcome === "caught_up") this.runs.push(dueAt);
    }
  }

  tells(at: number): boolean {
    return (
      this.rows.has(at) ||
      [...this.spans.values()].some(({ dueAt, throughAt }) => dueAt <= at && at <= throughAt)
    );
  }
}

/** A day's hours of a minute's cron that comes twice, late or not at all, by clocks that jump; then two hours in which all is well. */
function troubledDay(schedule: Schedule, seed: number) {
  const random = seededRandom(seed);
  const ledger = new Ledger();
  let place = decidedTo(T0);
  let nextDueAt = nextDue(schedule, T0);
  const tick = (nowMs: number) => {
    if (isAhead(place.decidedTo, nowMs) || (nextDueAt !== null && nextDueAt <= nowMs + SCHEDULE_AHEAD_MS)) {
      const decision = decide(schedule, place, nowMs);
      ledger.add(decision.firings);
      // A crash between the two can not be: they are one batch. One that is repeated finds the place moved.
      place = decidedTo(decision.decidedTo);
      nextDueAt = decision.nextDueAt;
    }
    ledger.start(schedule, nowMs);
  };
  const troubleEnds = T0 + 10 * HOUR_MS;
  const end = troubleEnds + 2 * HOUR_MS;
  let skewMs = 0;
  for (let now = T0; now < end; now += 20_000) {
    const isTroubled = now < troubleEnds;
    if (!isTroubled) skewMs = 0;
    else if (random() < 0.02)
      skewMs =
        [0, 0, HOUR_MS, -HOUR_MS, 30 * DAY_MS, 3 * 365 * DAY_MS, -DAY_MS, 90_000, -90_000][
          Math.floor(random() * 9)
        ] ?? 0;
    // The third of three times is the minute's; the others are the alarms.
    const isMinute = now % MINUTE_MS === 0;
    if (isMinute && !(isTroubled && random() < 0.2)) tick(now + skewMs);
    if (isMinute && isTroubled && random() < 0.1) tick(now + skewMs);
    if (!isMinute) ledger.start(schedule, now + skewMs);
  }
  return { ledger, troubleEnds, end };
}

describe("whatever clocks and the minute's cron do", () => {
  const rules: Partial<Schedule>[] = [
    {},
    { catchUp: catchUp("none") },
    { catchUp: catchUp("all") },
    { rule: { kind: "cron", cron: "* * * * *", timeZone: "Europe/Berlin" }, jitterMs: 30_000 },
    { rule: { kind: "every", everyMs: 45_000 }, catchUp: catchUp("all", HOUR_MS) },
    { rule: { kind: "cron", cron: "30 13,22 * * *", timeZone: "UTC" } },
  ];
  const seeds = Number(process.env.MAYFLY_SCHEDULE_SEEDS ?? 400) / 10;

  it("each due time runs once at most, none is untold, and none is missed once clocks are right again", {
    timeout: 120_000,
  }, () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const schedule = aSchedule(rules[seed % rules.length]);
      const { ledger, troubleEnds, end } = troubledDay(schedule, seed);
      expect([seed, ledger.runs.length]).toEqual([seed, new Set(ledger.runs).size]);
      const ran = new Set(ledger.runs);
      for (
        let dueAt = nextDue(schedule, T0);
        dueAt !== null && dueAt < end - 5 * MINUTE_MS;
        dueAt = nextDue(schedule, dueAt)
      ) {
        if (!ledger.tells(dueAt)) expect([seed, new Date(dueAt).toISOString(), "told"]).toBe("");
        if (dueAt > troubleEnds + MINUTE_MS && !ran.has(dueAt))
          expect([seed, new Date(dueAt).toISOString(), ledger.rows.get(dueAt)]).toBe("run");
      }
    }
  });
});

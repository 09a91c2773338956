/** What every store of schedules keeps, with the stores of jobs and runs beside it. */

import { describe, expect, it } from "vitest";
import { acceptRun } from "../../src/core/lifecycle.ts";
import { PUNCTUAL_LEAD_MS, SCHEDULE_PROMPT_MS } from "../../src/core/limits.ts";
import { decide } from "../../src/core/schedule/decide.ts";
import type { Ahead } from "../../src/core/schedule/firing.ts";
import type { Rule } from "../../src/core/schedule/schedule.ts";
import { type ScheduleKey, type ScheduleSpec, scheduleOf, shardOf } from "../../src/core/schedule/spec.ts";
import type { JobStore } from "../../src/flow/ports/jobs.ts";
import type {
  FiringPage,
  FiringPlace,
  ScheduleStore,
  StoredSchedule,
} from "../../src/flow/ports/schedules.ts";
import type { Store } from "../../src/flow/ports.ts";
import { aRunId, aSpec, T0 } from "../support/a-run.ts";

const ORG = "default";
const MINUTE = 60_000;
const HOURLY: Rule = { kind: "every", everyMs: 60 * MINUTE };
const EACH_MINUTE: Rule = { kind: "every", everyMs: MINUTE };

export function aSchedule(change: Partial<ScheduleSpec> = {}): ScheduleSpec {
  return {
    name: "s",
    rule: EACH_MINUTE,
    startsAt: null,
    endsAt: null,
    overlap: "allow",
    catchUp: { mode: "latest", windowMs: 24 * 60 * MINUTE, afterPause: false },
    jitterMs: 0,
    paused: false,
    input: "{}",
    ...change,
  };
}

/** Holds stores, which may have other schedules in them, to the contract. */
export function holdsTheScheduleStoreContract(schedules: ScheduleStore, jobs: JobStore, store: Store): void {
  let version = 0;

  async function put(job: string, specs: ScheduleSpec[], at = T0): Promise<void> {
    version += 1;
    const seen = (await jobs.find(ORG, job))?.job ?? null;
    const next = {
      version,
      definition: { run: { image: "x" } },
      change: { kind: "put" as const },
      createdAt: at,
    };
    expect(await jobs.put(ORG, job, seen, next, specs)).not.toBeNull();
  }

  async function found(key: ScheduleKey): Promise<StoredSchedule> {
    const schedule = await schedules.find(key);
    if (schedule === null) throw new Error(`there is no schedule ${key.job}/${key.name}`);
    return schedule;
  }

  async function decideAt(
    key: ScheduleKey,
    nowMs: number,
    schedule?: StoredSchedule,
    recordedAt = nowMs,
  ): Promise<void> {
    const seen = schedule ?? (await found(key));
    await schedules.record(
      [{ schedule: seen, decision: decide(scheduleOf(seen, seen.spec), seen.place, nowMs) }],
      recordedAt,
    );
  }

  const ledger = async (key: ScheduleKey) => (await schedules.firings(key, EVERYTHING)).firings.toReversed();
  const EVERYTHING = { outcome: null, before: null, limit: 2000 };
  const keyOf = (job: string, name = "s"): ScheduleKey => ({ orgId: ORG, job, name });

  function aRunFor(key: ScheduleKey, dueAt: number, isCaughtUp = false, ahead?: Ahead) {
    const firing = {
      schedule: key.name,
      dueAt,
      overlap: "allow" as const,
      isCaughtUp,
      ...(ahead && { ahead }),
    };
    const job = { name: key.job, version: ahead ? version : 1, input: "{}" };
    const event = { type: "accepted" as const, at: dueAt + 5, spec: aSpec(), originId: null, job, firing };
    return { state: acceptRun(aRunId(dueAt), ORG, event), event };
  }

  describe("a job's schedules are those of its definition", () => {
    it("a new one counts from then on, and is found when it comes due", async () => {
      const key = keyOf("new");
      await put("new", [aSchedule({ rule: HOURLY })], T0 + 5);
      expect(await found(key)).toMatchObject({
        spec: aSchedule({ rule: HOURLY }),
        place: { decidedTo: T0 + 5, countsFrom: T0 + 5, pausedAt: null, resumedAt: null },
        nextDueAt: T0 + 60 * MINUTE,
        pausedBy: [],
      });
      const isDue = async (ms: number) => (await schedules.due(ms, 1000)).some(({ job }) => job === "new");
      expect([await isDue(T0 + 60 * MINUTE - 1), await isDue(T0 + 60 * MINUTE)]).toEqual([false, true]);
    });

    it("one keeps its place where its due times stay, counts anew with another rule, and goes where it is left out", async () => {
      const [a, b, c] = ["a", "b", "c"].map((name) => aSchedule({ name }));
      await put(
        "edited",
        [a, b, c].filter((one) => one !== undefined),
      );
      for (const name of ["a", "b", "c"]) await decideAt(keyOf("edited", name), T0);
      const placed = (await found(keyOf("edited", "a"))).place.decidedTo;
      expect(placed).toBeGreaterThan(T0);
      await put(
        "edited",
        [aSchedule({ name: "a", jitterMs: 5000 }), aSchedule({ name: "b", rule: HOURLY })],
        T0 + 10,
      );
      expect(await found(keyOf("edited", "a"))).toMatchObject({
        place: { decidedTo: placed, countsFrom: T0 },
        spec: { jitterMs: 5000 },
      });
      expect(await found(keyOf("edited", "b"))).toMatchObject({
        place: { decidedTo: T0 + 10, countsFrom: T0 + 10 },
        nextDueAt: T0 + 60 * MINUTE,
      });
      expect(await schedules.find(keyOf("edited", "c"))).toBeNull();
      // What was armed ahead goes with the rule that named it.
      expect(await ledger(keyOf("edited", "a"))).toMatchObject([{ outcome: "armed", dueAt: T0 + MINUTE }]);
      expect(await ledger(keyOf("edited", "b"))).toEqual([]);
      expect(await ledger(keyOf("edited", "c"))).toEqual([]);
    });

    it("a job that is deleted has none, and its ledger stays", async () => {
      const key = keyOf("deleted");
      await put("deleted", [aSchedule()]);
      await decideAt(key, T0);
      const { state, event } = aRunFor(key, T0 + MINUTE);
      expect(await store.accept(state, [event], null)).toEqual({ kind: "accepted" });
      await jobs.delete(ORG, "deleted", T0 + MINUTE + 10, null);
      expect(await schedules.find(key)).toBeNull();
      expect(await ledger(key)).toMatchObject([{ outcome: "ran", runId: state.run.id }]);
    });

    it("who lost against another change of the job leaves its schedules alone", async () => {
      await put("raced", [aSchedule()]);
      const next = {
        version: 1000,
        definition: { run: {} },
        change: { kind: "put" as const },
        createdAt: T0 + 1,
      };
      expect(await jobs.put(ORG, "raced", null, next, [])).toBeNull();
      expect((await schedules.ofJob(ORG, "raced")).map(({ name }) => name)).toEqual(["s"]);
    });
  });

  describe("a schedule rests while anybody wants it to", () => {
    it("by hand, with its job, or by its definition; and goes on when the last one is done", async () => {
      const key = keyOf("rests");
      await put("rests", [aSchedule()]);
      await jobs.pause(ORG, "rests", T0 + 10, T0 + 10);
      await schedules.pause(key, T0 + 20, true);
      expect(await found(key)).toMatchObject({
        place: { pausedAt: T0 + 10, resumedAt: null },
        nextDueAt: null,
        pausedBy: ["hand", "job"],
      });
      await jobs.pause(ORG, "rests", null, T0 + 30);
      expect(await found(key)).toMatchObject({
        place: { pausedAt: T0 + 10, resumedAt: null },
        nextDueAt: null,
      });
      expect(await schedules.pause(key, T0 + 40, false)).toMatchObject({
        place: { decidedTo: T0, pausedAt: T0 + 10, resumedAt: T0 + 40 },
        nextDueAt: T0,
        pausedBy: [],
      });
      await put("rests", [aSchedule({ paused: true })], T0 + 50);
      expect(await found(key)).toMatchObject({ pausedBy: ["definition"], nextDueAt: null });
      expect(await schedules.pause(keyOf("rests", "other"), T0, true)).toBeNull();
    });

    it.each([
      ["by hand", (key: ScheduleKey, at: number, isPaused: boolean) => schedules.pause(key, at, isPaused)],
      [
        "with its job",
        ({ job }: ScheduleKey, at: number, isPaused: boolean) =>
          jobs.pause(ORG, job, isPaused ? at : null, at),
      ],
      [
        "by its definition",
        ({ job }: ScheduleKey, at: number, paused: boolean) => put(job, [aSchedule({ paused })], at),
      ],
    ] as const)("%s, and what was armed ahead is paused with it, until it goes on", async (how, pause) => {
      const key = keyOf(`armed-${how.replaceAll(" ", "-")}`);
      await put(key.job, [aSchedule()]);
      await decideAt(key, T0 + MINUTE - 10);
      await schedules.arm(key, [T0 + 3 * MINUTE], T0, "run_now");
      await pause(key, T0 + MINUTE + 1, true);
      const rows = async () =>
        (await ledger(key)).map(({ dueAt, outcome }) => [(dueAt - T0) / MINUTE, outcome]);
      // One that came due before is still to be started.
      expect(await rows()).toEqual([
        [1, "armed"],
        [2, "paused"],
        [3, "armed"],
      ]);
      expect((await found(key)).place.decidedTo).toBe(T0 + MINUTE + 1);
      await pause(key, T0 + MINUTE + 10, false);
      await decideAt(key, T0 + MINUTE + 10);
      expect(await rows()).toEqual([
        [1, "armed"],
        [2, "armed"],
        [3, "armed"],
      ]);
    });

    it("one that comes to a paused job rests with it", async () => {
      await put("paused", []);
      await jobs.pause(ORG, "paused", T0, T0);
      await put("paused", [aSchedule()], T0 + 10);
      expect(await found(keyOf("paused"))).toMatchObject({
        place: { pausedAt: T0 + 10, resumedAt: null },
        nextDueAt: null,
        pausedBy: ["job"],
      });
    });
  });

  describe("the ledger has each due time once", () => {
    it("one that rests is not due by another rule either, until it goes on", async () => {
      const key = keyOf("rests-changed");
      await put("rests-changed", [aSchedule()]);
      await schedules.pause(key, T0 + 10, true);
      await put("rests-changed", [aSchedule({ rule: HOURLY })], T0 + 20);
      expect(await found(key)).toMatchObject({
        place: { decidedTo: T0 + 20, countsFrom: T0 + 20, pausedAt: T0 + 10, resumedAt: null },
        nextDueAt: null,
        pausedBy: ["hand"],
      });
      expect(await schedules.pause(key, T0 + 30, false)).toMatchObject({ nextDueAt: T0 + 20, pausedBy: [] });
    });

    it("what a pause has left out that ended before is missed where nobody came in time", async () => {
      const key = keyOf("short-pause");
      await put("short-pause", [
        aSchedule({ catchUp: { mode: "none", windowMs: MINUTE, afterPause: false } }),
      ]);
      await decideAt(key, T0);
      await schedules.pause(key, T0 + 10, true);
      expect(await schedules.firing(key, T0 + MINUTE)).toMatchObject({ outcome: "paused" });
      await schedules.pause(key, T0 + 20, false);
      await decideAt(key, T0 + 10 * MINUTE);
      expect(await schedules.firing(key, T0 + MINUTE)).toMatchObject({ outcome: "missed" });
    });

    it("of those who decide the same schedule one does, and who saw it before a change does not", async () => {
      const key = keyOf("once");
      await put("once", [aSchedule()]);
      const seen = await found(key);
      await Promise.all([1, 2, 3].map(() => decideAt(key, T0, seen)));
      expect(await ledger(key)).toHaveLength(1);
      await put("once", [aSchedule({ jitterMs: 1000 })], T0 + 10);
      const before = await found(key);
      await decideAt(key, T0 + 5 * MINUTE, { ...seen, place: before.place });
      expect(await found(key)).toEqual(before);
    });

    it("a due time runs once, and a call that comes twice is told so twice", async () => {
      const key = keyOf("runs");
      await put("runs", [aSchedule()]);
      await decideAt(key, T0);
      const [first, second] = [aRunFor(key, T0 + MINUTE), aRunFor(key, T0 + MINUTE)];
      expect(await store.accept(first.state, [first.event], null)).toEqual({ kind: "accepted" });
      expect(await store.accept(first.state, [first.event], null)).toEqual({ kind: "accepted" });
      expect(await store.accept(second.state, [second.event], null)).toEqual({ kind: "not_armed" });
      expect(await store.load(second.state.run.id)).toBeNull();
      expect((await store.load(first.state.run.id))?.run.firing).toEqual(first.event.firing);
      expect(await schedules.firing(key, T0 + MINUTE)).toMatchObject({
        outcome: "ran",
        runId: first.state.run.id,
        decidedAt: T0 + MINUTE + 5,
      });
    });

    it("several due times run together, or none of them does", async () => {
      await put("together", [aSchedule({ name: "a" }), aSchedule({ name: "b" })]);
      const [a, b] = [keyOf("together", "a"), keyOf("together", "b")];
      for (const key of [a, b]) await decideAt(key, T0);
      const news = [aRunFor(a, T0 + MINUTE), aRunFor(b, T0 + MINUTE), aRunFor(keyOf("never"), T0)];
      const [first, second, unarmed] = news.map(({ state, event }) => ({ state, events: [event] }));
      if (!first || !second || !unarmed) throw new Error("three were made");
      expect(await store.acceptAll([first, second, unarmed])).toBe(false);
      for (const { state } of news) expect(await store.load(state.run.id)).toBeNull();
      expect(await ledger(b)).toMatchObject([{ outcome: "armed", runId: null }]);
      expect(await store.acceptAll([first, second])).toBe(true);
      expect(await ledger(b)).toMatchObject([{ outcome: "ran", runId: second.state.run.id }]);
      expect((await store.events(second.state.run.id, 0, 10)).map(({ event }) => event.type)).toEqual([
        "accepted",
      ]);
      // Whoever had no answer tries them one by one.
      expect(await store.acceptAll([first, second])).toBe(false);
      expect(await store.accept(first.state, first.events, null)).toEqual({ kind: "accepted" });
    });

    it("a due time that nobody armed has no run", async () => {
      const { state, event } = aRunFor(keyOf("never"), T0);
      expect(await store.accept(state, [event], null)).toEqual({ kind: "not_armed" });
      expect(await store.load(state.run.id)).toBeNull();
    });

    it("what a clock that was ahead called missed is armed, and what ran stays", async () => {
      const key = keyOf("ahead");
      const spec = aSchedule({ catchUp: { mode: "none", windowMs: 0, afterPause: false } });
      await put("ahead", [spec]);
      await decideAt(key, T0 + 60 * MINUTE);
      expect((await ledger(key)).filter(({ outcome }) => outcome === "missed").length).toBeGreaterThan(50);
      const placed = await schedules.placedAfter(T0 + 30 * MINUTE, 1000);
      expect(placed.some(({ job }) => job === "ahead")).toBe(true);
      await decideAt(key, T0);
      expect(await schedules.firing(key, T0 + MINUTE)).toMatchObject({
        outcome: "armed",
        startAt: T0 + MINUTE,
      });
    });

    it("many that were passed over together are one row, beside the due time that it begins with", async () => {
      const key = keyOf("span");
      const spec = aSchedule({
        rule: { kind: "every", everyMs: 1000 },
        catchUp: { mode: "none", windowMs: 0, afterPause: false },
      });
      await put("span", [spec]);
      await decideAt(key, T0 + 120 * MINUTE);
      const [span] = await ledger(key);
      expect(span).toMatchObject({ outcome: "missed", dueAt: T0 + 1000, runId: null });
      expect(span?.count).toBeGreaterThan(7000);
      expect(await schedules.arm(key, [T0 + 1000], T0 + 121 * MINUTE, "backfill")).toBe(1);
      expect((await ledger(key)).filter(({ dueAt }) => dueAt === T0 + 1000)).toHaveLength(2);
    });
  });

  it("several schedules are found at once, without those that there are not", async () => {
    await put("several", [aSchedule({ name: "a" }), aSchedule({ name: "b" }), aSchedule({ name: "c" })]);
    const all = await schedules.findAll(
      ["a", "gone", "c"].map((name) => keyOf("several", name)).concat(keyOf("gone", "b")),
    );
    expect(all.map(({ name }) => name).toSorted()).toEqual(["a", "c"]);
    expect(all).toContainEqual(await found(keyOf("several", "c")));
    expect(await schedules.findAll([])).toEqual([]);
  });

  it("a timekeeper is at work as it noted, until it has a break, or where a clock was ahead that noted it", async () => {
    const shard = 7;
    const at = (ms: number) => schedules.atWorkSince(shard, ms);
    expect(await at(T0)).toBe(T0);
    await schedules.noteWork(shard, T0, T0 + MINUTE);
    await schedules.noteWork(shard, T0, T0 + 2 * MINUTE);
    const until = T0 + 2 * MINUTE + SCHEDULE_PROMPT_MS;
    expect([await at(until), await at(until + 1)]).toEqual([T0, until + 1]);
    expect(await schedules.atWorkSince(shard - 1, until)).toBe(until);
    const ahead = T0 + 60 * MINUTE;
    await schedules.noteWork(shard, ahead, ahead);
    expect([await at(until), await at(ahead - 1), await at(ahead)]).toEqual([until, ahead - 1, ahead]);
  });

  describe("timekeepers find what is armed", () => {
    it("by shard and time, until it ends", async () => {
      const key = keyOf("armed");
      const shard = shardOf(key);
      await put("armed", [aSchedule({ rule: { kind: "every", everyMs: 20_000 } })]);
      await decideAt(key, T0);
      const armed = async (ms: number) =>
        (await schedules.armed(shard, ms, 1000))
          .filter(({ job }) => job === "armed")
          .map(({ dueAt }) => dueAt);
      expect(await armed(T0 + 40_000)).toEqual([T0 + 20_000, T0 + 40_000]);
      expect((await schedules.armedAt())[shard]).toBeLessThanOrEqual(T0 + 20_000);
      expect(await schedules.armed(shard, T0 + 40_000, 1000, 1000)).toEqual([]);
      const ends = [
        { dueAt: T0 + 20_000, outcome: "skipped" as const, why: "it was at work" },
        { dueAt: T0 + 40_000, outcome: "paused" as const, why: null },
      ];
      await schedules.finish(key, ends, T0 + 41_000);
      await schedules.finish(key, [{ dueAt: T0 + 20_000, outcome: "missed", why: null }], T0 + 42_000);
      expect(await armed(T0 + 60_000)).toEqual([T0 + 60_000]);
      expect(await schedules.firing(key, T0 + 20_000)).toMatchObject({
        outcome: "skipped",
        why: "it was at work",
      });
      expect((await schedules.armedOf(key, T0, T0 + 80_000, 9)).map(({ dueAt }) => dueAt)).toEqual([
        T0 + 60_000,
        T0 + 80_000,
      ]);
      expect(await schedules.armedOf(key, T0, T0 + 80_000, 1)).toMatchObject([{ dueAt: T0 + 60_000 }]);
      await schedules.drop(key, [T0 + 20_000, T0 + 60_000]);
      expect(await armed(T0 + 80_000)).toEqual([T0 + 80_000]);
      expect(await schedules.firing(key, T0 + 20_000)).toMatchObject({ outcome: "skipped" });
    });

    it("one that is put off is found later, unless it has come to something", async () => {
      const key = keyOf("put-off");
      await put("put-off", [aSchedule()]);
      await decideAt(key, T0);
      await schedules.putOff(key, T0 + MINUTE, T0 + MINUTE + 500);
      expect(await schedules.firing(key, T0 + MINUTE)).toMatchObject({ startAt: T0 + MINUTE + 500 });
      const { state, event } = aRunFor(key, T0 + MINUTE);
      await store.accept(state, [event], null);
      await schedules.putOff(key, T0 + MINUTE, T0 + 2 * MINUTE);
      expect(await schedules.firing(key, T0 + MINUTE)).toMatchObject({ startAt: T0 + MINUTE + 500 });
    });

    const changes: [string, (key: ScheduleKey) => Promise<unknown>][] = [
      ["another version of its job", ({ job }) => put(job, [aSchedule({ punctual: true })], T0 + 45_000)],
      ["another rule", ({ job }) => put(job, [aSchedule({ rule: HOURLY })], T0 + 45_000)],
      ["a pause", (key) => schedules.pause(key, T0 + 45_000, true)],
      ["a pause of its job", ({ job }) => jobs.pause(ORG, job, T0 + 45_000, T0 + 45_000)],
      [
        "a pause that is over",
        async (key) => {
          await schedules.pause(key, T0 + 45_000, true);
          await schedules.pause(key, T0 + 46_000, false);
        },
      ],
      ["the end of its job", ({ job }) => jobs.delete(ORG, job, T0 + 45_000, null)],
    ];
    it.each(changes)(
      "a run that was accepted ahead gives its due time back after %s",
      async (what, change) => {
        const key = keyOf(what.replaceAll(" ", "-"));
        await put(key.job, [aSchedule({ punctual: true })]);
        await decideAt(key, T0);
        const due = T0 + MINUTE;
        expect(await schedules.firing(key, due)).toMatchObject({ startAt: due - PUNCTUAL_LEAD_MS });
        const { revision } = await found(key);
        const { state, event } = aRunFor(key, due, false, { startsAt: due, revision });
        const { run } = state;
        expect(await store.accept(state, [event], null)).toEqual({ kind: "accepted" });
        expect(await schedules.firing(key, due)).toMatchObject({
          outcome: "ran",
          startAt: due,
          runId: run.id,
        });
        expect(await schedules.ahead(key, due, due - 1)).toEqual([run.id]);
        expect(await schedules.ahead(key, due, due)).toEqual([]);
        expect(await store.isStillDue(run)).toBe(true);
        await change(key);
        // The same for whoever asks again.
        expect([await store.isStillDue(run), await store.isStillDue(run)]).toEqual([false, false]);
        expect(await schedules.firing(key, due)).toMatchObject({
          outcome: "armed",
          startAt: due,
          runId: null,
        });
      },
    );

    it("by hand what has no run is armed, once", async () => {
      const key = keyOf("hand");
      await put("hand", [aSchedule()]);
      await decideAt(key, T0);
      const { state, event } = aRunFor(key, T0 + MINUTE);
      await store.accept(state, [event], null);
      const times = [T0 - MINUTE, T0, T0 + MINUTE];
      expect(await schedules.arm(key, times, T0 + 2 * MINUTE, "backfill")).toBe(2);
      expect(await schedules.arm(key, times, T0 + 3 * MINUTE, "backfill")).toBe(0);
      expect((await schedules.taken(key, T0 - MINUTE, T0 + MINUTE)).toSorted()).toEqual(times);
      expect(await schedules.firing(key, T0)).toMatchObject({
        trigger: "backfill",
        startAt: T0 + 2 * MINUTE,
      });
    });
  });

  it("a ledger comes newest first, in pages, and by outcome", async () => {
    const key = keyOf("pages");
    await put("pages", [aSchedule()]);
    await decideAt(key, T0 + 10 * MINUTE);
    const times = (await ledger(key)).map(({ dueAt }) => dueAt);
    const seen: number[] = [];
    for (let before: FiringPlace | null = null, more = true; more; ) {
      const page: FiringPage = await schedules.firings(key, { outcome: null, before, limit: 3 });
      seen.push(...page.firings.map(({ dueAt }) => dueAt));
      before = page.nextBefore;
      more = before !== null;
    }
    expect(seen.toReversed()).toEqual(times);
    const missed = await schedules.firings(key, { outcome: "missed", before: null, limit: 200 });
    expect(missed.firings.every(({ outcome }) => outcome === "missed")).toBe(true);
    expect(missed.firings.length).toBeGreaterThan(0);
  });

  it("no page leaves out a row of the same due time as the last one of the page before", async () => {
    const key = keyOf("twins");
    await put("twins", [aSchedule()]);
    const schedule = await schedules.find(key);
    if (schedule === null) throw new Error("the schedule is not there");
    const missed = (minute: number, count: number) => {
      const dueAt = T0 + minute * MINUTE;
      const throughAt = dueAt + (count - 1) * MINUTE;
      return { outcome: "missed" as const, dueAt, throughAt, count, isCountExact: true };
    };
    const rows = [missed(1, 1), missed(1, 5), missed(6, 1), missed(6, 5)];
    const decision = { firings: rows, decidedTo: T0 + 10 * MINUTE, nextDueAt: null };
    await schedules.record([{ schedule, decision }], T0);
    for (const [outcome, limit] of [
      [null, 1],
      [null, 2],
      [null, 3],
      ["missed", 1],
    ] as const) {
      const seen: number[] = [];
      let before: FiringPlace | null = null;
      do {
        const page: FiringPage = await schedules.firings(key, { outcome, before, limit });
        seen.push(...page.firings.map(({ dueAt, count }) => ((dueAt - T0) / MINUTE) * 10 + count));
        before = page.nextBefore;
      } while (before !== null);
      expect(seen).toEqual([65, 61, 15, 11]);
    }
  });

  describe("a ledger is forgotten from its beginning", () => {
    const forget = (key: ScheduleKey, beforeMs: number, limit = 1000) =>
      schedules.forget([keyOf("forgotten-by-nobody"), key], beforeMs, limit);
    const minutes = async (key: ScheduleKey) => (await ledger(key)).map(({ dueAt }) => (dueAt - T0) / MINUTE);

    it("so many at a time, none that is armed, and not the last one", async () => {
      const key = keyOf("old");
      await put("old", [aSchedule()]);
      await decideAt(key, T0 + 10 * MINUTE, undefined, T0);
      const { state, event } = aRunFor(key, T0 + 10 * MINUTE);
      await store.accept(state, [event], null);
      expect(await minutes(key)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      await schedules.finish(key, [{ dueAt: T0 + 11 * MINUTE, outcome: "skipped", why: null }], T0);
      const armed = [2, 8, 9].map((minute) => T0 + minute * MINUTE);
      await schedules.arm(key, armed, T0 + 20 * MINUTE, "backfill");
      expect(await forget(key, T0 + 6 * MINUTE, 3)).toBe(3);
      expect(await minutes(key)).toEqual([2, 5, 6, 7, 8, 9, 10, 11]);
      expect(await forget(key, T0 + 6 * MINUTE)).toBe(1);
      expect(await forget(key, T0 + 100 * MINUTE)).toBe(3);
      expect(await minutes(key)).toEqual([2, 8, 9, 11]);
    });

    it("and nothing that was filled in lately, however long ago it was due", async () => {
      const key = keyOf("old-and-filled");
      await put("old-and-filled", [aSchedule()]);
      await schedules.arm(key, [T0 - 1000 * MINUTE, T0 - 999 * MINUTE], T0, "backfill");
      const event = { ...aRunFor(key, T0 - 1000 * MINUTE, true).event, at: T0 };
      await store.accept(acceptRun(aRunId(T0), ORG, event), [event], null);
      expect(await forget(key, T0 - MINUTE)).toBe(0);
      expect(await forget(key, T0 + MINUTE)).toBe(1);
    });

    it("all of it, where its schedule is gone", async () => {
      const key = keyOf("old-and-gone");
      await put("old-and-gone", [aSchedule()]);
      await decideAt(key, T0 + 10 * MINUTE, undefined, T0);
      await schedules.finish(
        key,
        (await ledger(key)).map(({ dueAt }) => ({ dueAt, outcome: "missed", why: null })),
        T0,
      );
      await jobs.delete(ORG, "old-and-gone", T0, null);
      expect(await forget(key, T0 + 11 * MINUTE)).toBe(10);
      expect(await forget(key, T0 + 12 * MINUTE)).toBe(1);
      expect(await ledger(key)).toEqual([]);
    });

    it("many in one row go when the last of them is old", async () => {
      const key = keyOf("old-span");
      const spec = aSchedule({
        rule: { kind: "every", everyMs: 1000 },
        catchUp: { mode: "none", windowMs: 0, afterPause: false },
      });
      await put("old-span", [spec]);
      await decideAt(key, T0 + 120 * MINUTE, undefined, T0);
      const rows = await ledger(key);
      expect(await forget(key, T0 + 60 * MINUTE)).toBe(0);
      expect(await forget(key, (rows[0]?.throughAt ?? 0) + 1)).toBe(1);
    });

    it("and ledgers are found one after the other, those of schedules that are gone, too", async () => {
      for (const job of ["zy-a", "zy-b"])
        await put(job, [aSchedule({ name: "x" }), aSchedule({ name: "y" })]);
      for (const key of [keyOf("zy-a", "x"), keyOf("zy-a", "y"), keyOf("zy-b", "x")])
        await decideAt(key, T0 + 5 * MINUTE);
      await schedules.finish(keyOf("zy-a", "y"), [], T0);
      await put("zy-a", [aSchedule({ name: "x" })], T0 + 3 * MINUTE);
      const names = async (after: ScheduleKey | null, limit: number) =>
        (await schedules.ledgers(after, limit)).map(({ job, name }) => `${job}/${name}`);
      expect(await names(keyOf("zy"), 2)).toEqual(["zy-a/x", "zy-a/y"]);
      expect((await names(keyOf("zy-a", "x"), 10)).slice(0, 2)).toEqual(["zy-a/y", "zy-b/x"]);
      const all = await names(null, 1000);
      expect(all).toEqual([...new Set(all)]);
      expect(all).toContain("zy-a/y");
    });
  });

  it("schedules come by job and name, in pages", async () => {
    for (const job of ["zz-a", "zz-b"]) await put(job, [aSchedule({ name: "x" }), aSchedule({ name: "y" })]);
    const names = async (after: { job: string; name: string }) =>
      (await schedules.list(ORG, after, 3)).map(({ job, name }) => `${job}/${name}`);
    expect(await names({ job: "zz", name: "" })).toEqual(["zz-a/x", "zz-a/y", "zz-b/x"]);
    expect(await names({ job: "zz-b", name: "x" })).toEqual(["zz-b/y"]);
  });
}

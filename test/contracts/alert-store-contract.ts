/** What every store of alerts keeps, with the stores of jobs, schedules and runs beside it. */

import { describe, expect, it } from "vitest";
import type { FoundAlert } from "../../src/core/alert/alert.ts";
import type { JobDefinition } from "../../src/core/job.ts";
import { acceptRun } from "../../src/core/lifecycle.ts";
import { planAttempt } from "../../src/core/plan.ts";
import { decide } from "../../src/core/schedule/decide.ts";
import { type ScheduleSpec, scheduleOf } from "../../src/core/schedule/spec.ts";
import type { AlertFilter, AlertStore, Watched } from "../../src/flow/ports/alerts.ts";
import type { JobStore } from "../../src/flow/ports/jobs.ts";
import type { ScheduleStore } from "../../src/flow/ports/schedules.ts";
import type { Store } from "../../src/flow/ports.ts";
import { aQueuedRun, aRunId, aSpec, followedBy, type Story, T0 } from "../support/a-run.ts";
import { aSchedule } from "./schedule-store-contract.ts";

const ORG = "default";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NONE = { mode: "none", windowMs: 24 * HOUR, afterPause: false } as const;
const EVERYTHING: AlertFilter = { job: null, type: null, sinceMs: null, beforeSeq: null, limit: 100 };

interface Stores {
  alerts: AlertStore;
  jobs: JobStore;
  schedules: ScheduleStore;
  store: Store;
}

/** Holds stores, which may have other jobs and alerts in them, to the contract. */
export function holdsTheAlertStoreContract({ alerts, jobs, schedules, store }: Stores): void {
  async function put(
    job: string,
    more: Partial<JobDefinition> = {},
    specs: ScheduleSpec[] = [],
    at = T0,
  ): Promise<void> {
    const seen = (await jobs.find(ORG, job))?.job ?? null;
    const version = (seen?.version ?? 0) + 1;
    const definition = { run: { image: "x" }, ...more };
    const next = { version, definition, change: { kind: "put" as const }, createdAt: at };
    expect(await jobs.put(ORG, job, seen, next, specs)).not.toBeNull();
  }

  const dueOf = async (job: string, nowMs: number, lookedAfterMs = Number.MAX_SAFE_INTEGER) =>
    (await alerts.due(nowMs, lookedAfterMs, 1000)).filter((watched) => watched.job === job);

  async function watchOf(job: string, nowMs: number): Promise<Watched> {
    const [watched, ...others] = await dueOf(job, nowMs);
    if (watched === undefined || others.length > 0) throw new Error(`${job} has not one watch that is due`);
    return watched;
  }

  const silent = (dueAt: number): FoundAlert => ({
    type: "job_silent",
    dueAt,
    runId: null,
    detail: "no run has succeeded for 1h",
  });
  const late = (dueAt: number, runId: string | null = null): FoundAlert => ({
    type: "schedule_late",
    dueAt,
    runId,
    detail: "its run did not start within 5m",
  });

  async function recorded(watched: Watched, found: FoundAlert[], at: number, lookAt: number | null = at + 1) {
    await alerts.record([{ watched, looked: { alerts: found, fromAt: at, lookAt } }], at);
  }

  const listed = (job: string, filter: Partial<AlertFilter> = {}) =>
    alerts.list(ORG, { ...EVERYTHING, job, ...filter });

  /** A run of a job with a machine that started, and that ended where it is told when. */
  async function aRunOf(
    job: string,
    startedAt: number,
    end: { status: "succeeded" | "failed"; at: number } | null = null,
  ): Promise<void> {
    const queued = aQueuedRun({}, startedAt, null, { name: job, version: 1, input: "{}" });
    const started = startedFrom(queued, startedAt);
    const exit = { code: end?.status === "failed" ? 1 : 0, signal: null, oomKilled: false };
    const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };
    const story =
      end === null
        ? started
        : followedBy(
            started,
            { type: "exited", at: end.at, attempt: 1, exit, source: "runner" },
            {
              type: "settled",
              at: end.at,
              status: end.status,
              reason: end.status === "failed" ? "exit_code" : null,
              limit: null,
              detail: null,
              exit,
              output,
            },
          );
    expect(await store.accept(story.state, story.events, null)).toEqual({ kind: "accepted" });
  }

  // The first of all, as no younger alert is before these.
  it("old alerts are forgotten, so many at a time, but for what would be found again", async () => {
    await put("old", { expect_every: "1h" }, [aSchedule({ lateAfterMs: MINUTE })], T0);
    const [ofJob, ofSchedule] = (await dueOf("old", T0)).toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
    if (ofJob === undefined || ofSchedule === undefined) throw new Error("there are not two watches");
    const found = [1, 2, 3].map((minute) => late(T0 + minute * MINUTE));
    await recorded(ofSchedule, found, T0 + 4 * MINUTE);
    const looked = { alerts: [silent(T0 + HOUR)], fromAt: T0, lookAt: T0 + 2 * HOUR };
    await alerts.record([{ watched: ofJob, looked }], T0 + HOUR);
    const [again] = (await dueOf("old", T0 + HOUR)).filter(({ kind }) => kind === "schedule");
    if (again === undefined) throw new Error("the schedule is not watched");
    await recorded(again, [late(T0 + 5 * MINUTE)], T0 + 2 * HOUR);
    const left = async () => (await listed("old")).map(({ dueAt }) => (dueAt - T0) / MINUTE);
    expect(await left()).toEqual([5, 60, 3, 2, 1]);
    expect(await alerts.forget(T0 + 4 * MINUTE, 100)).toBe(0);
    expect(await alerts.forget(T0 + 4 * MINUTE + 1, 2)).toBe(2);
    expect(await left()).toEqual([5, 60, 3]);
    expect(await alerts.forget(T0 + HOUR + 1, 100)).toBe(1);
    expect(await left()).toEqual([5, 60]);
    await jobs.delete(ORG, "old", T0 + 3 * HOUR, null);
    expect(await alerts.forget(T0 + HOUR + 1, 100)).toBe(1);
    expect(await left()).toEqual([5]);
    expect(await alerts.forget(T0 + 3 * HOUR, 100)).toBe(1);
    const next = { alerts: [silent(T0 + HOUR)], fromAt: T0, lookAt: null };
    await put("numbered-on", { expect_every: "1h" });
    await alerts.record([{ watched: await watchOf("numbered-on", T0), looked: next }], T0);
    expect((await listed("numbered-on"))[0]?.seq).toBeGreaterThan(5);
  });

  describe("what is watched is what a job's definition asks for", () => {
    it("itself where it is to be heard of, and those of its schedules that have a limit", async () => {
      const specs = [aSchedule({ name: "a", lateAfterMs: 5 * MINUTE }), aSchedule({ name: "b" })];
      await put("asked", { expect_every: "1h" }, specs);
      expect(await dueOf("asked", T0 - 1)).toEqual([]);
      const watched = await dueOf("asked", T0);
      expect(watched).toHaveLength(2);
      const shared = { orgId: ORG, job: "asked", fromAt: T0, lookedAt: T0 };
      expect(watched).toContainEqual({ ...shared, kind: "job", limitMs: HOUR, isPaused: false });
      expect(watched.find(({ kind }) => kind === "schedule")).toMatchObject({
        ...shared,
        schedule: "a",
        limitMs: 5 * MINUTE,
        timing: { rule: aSchedule().rule, startsAt: null, endsAt: null },
        place: { decidedTo: T0, pausedAt: null, resumedAt: null },
      });
    });

    it("a change goes on from where it is, and is looked at anew; what is left out, or deleted, is not watched", async () => {
      await put("changed", { expect_every: "1h" });
      await recorded(await watchOf("changed", T0), [], T0 + MINUTE, T0 + HOUR);
      expect(await dueOf("changed", T0 + 30 * MINUTE)).toEqual([]);
      await put("changed", { expect_every: "2h" }, [], T0 + 2 * MINUTE);
      expect(await dueOf("changed", T0 + 2 * MINUTE)).toMatchObject([
        { limitMs: 2 * HOUR, fromAt: T0 + MINUTE },
      ]);
      await put("changed", {}, [], T0 + 3 * MINUTE);
      expect(await dueOf("changed", T0 + 1000 * HOUR)).toEqual([]);
      await put("gone", { expect_every: "1h" }, [aSchedule({ lateAfterMs: MINUTE })]);
      await jobs.delete(ORG, "gone", T0 + 1, null);
      expect(await dueOf("gone", T0 + 1000 * HOUR)).toEqual([]);
    });

    it("a job that is paused says so, and is waited for from its end on", async () => {
      await put("paused", { expect_every: "1h" });
      await jobs.pause(ORG, "paused", T0 + MINUTE, T0 + MINUTE);
      expect(await watchOf("paused", T0 + HOUR)).toMatchObject({ isPaused: true, fromAt: T0 });
      await recorded(await watchOf("paused", T0 + HOUR), [], T0 + HOUR, T0 + 2 * HOUR);
      await jobs.pause(ORG, "paused", null, T0 + 90 * MINUTE);
      expect(await dueOf("paused", T0 + 90 * MINUTE)).toMatchObject([
        { isPaused: false, fromAt: T0 + 90 * MINUTE },
      ]);
      // One that was not paused does not begin anew.
      await recorded(await watchOf("paused", T0 + 90 * MINUTE), [], T0 + 91 * MINUTE, T0 + 3 * HOUR);
      await jobs.pause(ORG, "paused", null, T0 + 95 * MINUTE);
      expect(await dueOf("paused", T0 + 2 * HOUR)).toEqual([]);
    });

    it("what a clock that was ahead has looked at is found by those that are right", async () => {
      await put("skewed", { expect_every: "1h" });
      await recorded(await watchOf("skewed", T0), [], T0 + 500 * HOUR, T0 + 501 * HOUR);
      expect(await dueOf("skewed", T0 + HOUR)).toEqual([]);
      expect(await dueOf("skewed", T0 + HOUR, T0 + 2 * HOUR)).toMatchObject([{ lookedAt: T0 + 500 * HOUR }]);
      expect(await dueOf("skewed", T0 + HOUR, T0 + 500 * HOUR)).toEqual([]);
    });

    it("the longest due come first, as many as are asked for", async () => {
      for (const [job, at] of [
        ["second", 20],
        ["first", 10],
        ["third", 30],
      ] as const)
        await put(`line-${job}`, { expect_every: "1h" }, [], T0 - 1000 * HOUR + at);
      const all = await alerts.due(T0 - 999 * HOUR, Number.MAX_SAFE_INTEGER, 2);
      expect(all.map(({ job }) => job)).toEqual(["line-first", "line-second"]);
    });
  });

  it("a job was heard of when a run of it last succeeded, and never where none did", async () => {
    await put("heard");
    await aRunOf("heard", T0, { status: "succeeded", at: T0 + MINUTE });
    await aRunOf("heard", T0 + HOUR, { status: "succeeded", at: T0 + HOUR + MINUTE });
    await aRunOf("heard", T0 + 2 * HOUR, { status: "failed", at: T0 + 2 * HOUR + MINUTE });
    await aRunOf("heard", T0 + 3 * HOUR);
    await aRunOf("unheard", T0, { status: "failed", at: T0 + MINUTE });
    const asked = ["unheard", "heard", "nothing"].map((job) => ({ orgId: ORG, job }));
    expect(await alerts.heardAt(asked)).toEqual([null, T0 + HOUR + MINUTE, null]);
    expect(await alerts.heardAt([{ orgId: "others", job: "heard" }])).toEqual([null]);
  });

  it("ledgers are read in stretches, in their order, with the start of each run", async () => {
    const specs = ["a", "b"].map((name) => aSchedule({ name, catchUp: NONE, lateAfterMs: MINUTE }));
    await put("read", {}, specs);
    for (const schedule of await schedules.ofJob(ORG, "read"))
      await schedules.record(
        [
          {
            schedule,
            decision: decide(scheduleOf(schedule, schedule.spec), schedule.place, T0 + 10 * MINUTE),
          },
        ],
        T0,
      );
    const key = { orgId: ORG, job: "read", name: "a" };
    const dueAt = T0 + 10 * MINUTE;
    const firing = { schedule: "a", dueAt, overlap: "allow" as const, isCaughtUp: false };
    const job = { name: "read", version: 1, input: "{}" };
    const event = { type: "accepted" as const, at: dueAt, spec: aSpec(), originId: null, job, firing };
    const state = acceptRun(aRunId(dueAt), ORG, event);
    expect(await schedules.firing(key, dueAt)).toMatchObject({ outcome: "armed" });
    expect(await store.accept(state, [event], null)).toEqual({ kind: "accepted" });
    const stretch = (schedule: string, after: number, through: number) => ({
      orgId: ORG,
      job: "read",
      schedule,
      after: T0 + after * MINUTE,
      through: T0 + through * MINUTE,
    });
    const read = (limit: number) => alerts.firings([stretch("b", 2, 4), stretch("a", 8, 10)], limit);
    const rows = await read(100);
    expect(rows.map((row) => [row.stretch, (row.dueAt - T0) / MINUTE, row.outcome])).toEqual([
      [0, 3, "missed"],
      [0, 4, "missed"],
      [1, 9, expect.any(String)],
      [1, 10, "ran"],
    ]);
    const last = { trigger: "rule", count: 1, runId: state.run.id, why: null, startedAt: null };
    expect(rows.at(-1)).toMatchObject(last);
    expect(await read(3)).toEqual(rows.slice(0, 3));
    expect(await alerts.firings([], 10)).toEqual([]);
    // With its first machine the run has started.
    const before = await store.load(state.run.id);
    if (before === null) throw new Error("the run is stored");
    const at = dueAt + 7000;
    const { events } = startedFrom({ state: before, events: [] }, at);
    expect(await store.record(before, events, [])).not.toBeNull();
    expect((await read(100)).at(-1)).toMatchObject({ ...last, startedAt: at });
  });

  describe("an alert is recorded with the next look, both or neither", () => {
    it("and once, by its type, job, schedule and due time", async () => {
      await put("once", { expect_every: "1h" });
      const watched = await watchOf("once", T0);
      await recorded(watched, [silent(T0 + HOUR)], T0 + HOUR, T0 + 2 * HOUR);
      expect(await dueOf("once", T0 + 2 * HOUR - 1)).toEqual([]);
      const again = await watchOf("once", T0 + 2 * HOUR);
      expect(again).toMatchObject({ fromAt: T0 + HOUR, lookedAt: T0 + HOUR });
      await recorded(again, [silent(T0 + HOUR), silent(T0 + 2 * HOUR)], T0 + 2 * HOUR, null);
      expect(await listed("once")).toMatchObject([
        { ...silent(T0 + 2 * HOUR), at: T0 + 2 * HOUR, schedule: null },
        { ...silent(T0 + HOUR), at: T0 + HOUR, job: "once" },
      ]);
      expect(await dueOf("once", T0 + 1000 * HOUR)).toEqual([]);
    });

    it("by the first of those who looked at once, and not of a limit that is another by now", async () => {
      await put("raced", { expect_every: "1h" });
      const watched = await watchOf("raced", T0);
      await recorded(watched, [], T0 + MINUTE, T0 + HOUR);
      await recorded(watched, [silent(T0 + HOUR)], T0 + 2 * MINUTE);
      expect(await listed("raced")).toEqual([]);
      const seen = await watchOf("raced", T0 + HOUR);
      // In the millisecond of the last look, which leaves the limit to tell them apart.
      await put("raced", { expect_every: "2h" }, [], T0 + MINUTE);
      await recorded(seen, [silent(T0 + HOUR)], T0 + HOUR + 1);
      expect(await listed("raced")).toEqual([]);
      expect(await watchOf("raced", T0 + HOUR)).toMatchObject({ limitMs: 2 * HOUR, fromAt: T0 + MINUTE });
    });
  });

  it("alerts are told newest first, by job, type, time and number", async () => {
    await put("told", { expect_every: "1h" }, [aSchedule({ name: "s", lateAfterMs: MINUTE })]);
    const all = await dueOf("told", T0);
    const [ofJob, ofSchedule] = (["job", "schedule"] as const).map((kind) =>
      all.find((watched) => watched.kind === kind),
    );
    if (!ofJob || !ofSchedule) throw new Error("both are watched");
    await recorded(ofSchedule, [late(T0 + 2 * MINUTE), late(T0 + MINUTE, "run_1")], T0 + HOUR);
    await recorded(ofJob, [silent(T0 + HOUR)], T0 + 2 * HOUR);
    const told = await listed("told");
    expect(told.map(({ type, schedule, dueAt }) => [type, schedule, (dueAt - T0) / MINUTE])).toEqual([
      ["job_silent", null, 60],
      ["schedule_late", "s", 1],
      ["schedule_late", "s", 2],
    ]);
    const [newest] = told;
    expect(told.map(({ runId }) => runId)).toEqual([null, "run_1", null]);
    expect(told.map(({ seq }) => seq)).toEqual(told.map(({ seq }) => seq).toSorted((a, b) => b - a));
    expect(await listed("told", { limit: 1 })).toEqual([newest]);
    expect(await listed("told", { beforeSeq: newest?.seq ?? 0 })).toEqual(told.slice(1));
    expect(await listed("told", { type: "schedule_late" })).toEqual(told.slice(1));
    expect(await listed("told", { sinceMs: T0 + HOUR })).toEqual(told);
    expect(await listed("told", { sinceMs: T0 + HOUR + 1 })).toEqual([newest]);
    expect(await listed("told", { sinceMs: T0 + 9000 * HOUR })).toEqual([]);
    expect(await alerts.list("others", EVERYTHING)).toEqual([]);
    expect(await alerts.last(ORG, "told")).toEqual(newest);
    expect(await alerts.last(ORG, "told", "s")).toMatchObject({ dueAt: T0 + 2 * MINUTE });
    expect(await alerts.last(ORG, "told", "t")).toBeNull();
    expect(await alerts.last(ORG, "tol")).toBeNull();
  });
}

/** With a machine that was asked for and started at a moment. */
function startedFrom(story: Story, at: number): Story {
  return followedBy(
    story,
    planAttempt(story.state, null, at),
    {
      type: "machine_created",
      at,
      attempt: 1,
      machineId: story.state.run.id,
      region: null,
      adopted: false,
    },
    { type: "machine_started", at, attempt: 1 },
  );
}

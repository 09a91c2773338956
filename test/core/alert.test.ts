import { describe, expect, it } from "vitest";
import {
  lateness,
  stretchOf,
  type WatchedFiring,
  type WatchedSchedule,
} from "../../src/core/alert/lateness.ts";
import { silence } from "../../src/core/alert/silence.ts";
import { ALERT_SLACK_MS } from "../../src/core/limits.ts";
import { T0 } from "../support/a-run.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe("a job that is expected to succeed each hour", () => {
  const job = { limitMs: HOUR, fromAt: T0, isPaused: false };

  it("is not silent before, and is looked at when it would be", () => {
    expect(silence(job, null, T0 + HOUR - 1)).toEqual({ alerts: [], fromAt: T0, lookAt: T0 + HOUR });
    expect(silence(job, T0 + 40 * MINUTE, T0 + HOUR)).toMatchObject({
      alerts: [],
      fromAt: T0 + 40 * MINUTE,
      lookAt: T0 + 100 * MINUTE,
    });
  });

  it("is silent from then on, under one key however often it is looked at", () => {
    const first = silence(job, null, T0 + HOUR);
    expect(first.alerts).toMatchObject([{ type: "job_silent", dueAt: T0 + HOUR, runId: null }]);
    const again = silence({ ...job, fromAt: first.fromAt }, null, first.lookAt ?? 0);
    expect(again.alerts.map(({ dueAt }) => dueAt)).toEqual([T0 + HOUR]);
  });

  it("is told of anew after it was heard of again, and never goes back behind that", () => {
    const heard = silence(job, T0 + 90 * MINUTE, T0 + 2 * HOUR);
    expect(heard).toEqual({ alerts: [], fromAt: T0 + 90 * MINUTE, lookAt: T0 + 150 * MINUTE });
    const silent = silence({ ...job, fromAt: heard.fromAt }, null, T0 + 3 * HOUR);
    expect(silent.alerts).toMatchObject([{ dueAt: T0 + 150 * MINUTE }]);
  });

  it("is not silent while it is paused, and looked at again", () => {
    const looked = silence({ ...job, isPaused: true }, null, T0 + 2 * HOUR);
    expect(looked).toMatchObject({ alerts: [], lookAt: T0 + 3 * HOUR });
  });

  it("looked at by a clock that was ahead, is not left alone until then", () => {
    const ahead = silence(job, T0 + 500 * HOUR, T0 + MINUTE);
    expect(ahead.lookAt).toBe(T0 + MINUTE + HOUR);
  });
});

describe("a schedule of each hour whose runs are to start within five minutes", () => {
  const limitMs = 5 * MINUTE;
  const told = limitMs + ALERT_SLACK_MS;
  const schedule: WatchedSchedule = {
    limitMs,
    fromAt: T0,
    timing: { rule: { kind: "every", everyMs: HOUR }, startsAt: null, endsAt: null },
    place: { decidedTo: T0 + 10 * HOUR, pausedAt: null, resumedAt: null },
  };
  const row = (change: Partial<WatchedFiring> = {}): WatchedFiring => ({
    dueAt: T0 + HOUR,
    outcome: "ran",
    trigger: "rule",
    count: 1,
    runId: "run_1",
    why: null,
    startedAt: T0 + HOUR + 4000,
    ...change,
  });
  const look = (change: Partial<WatchedFiring>, watched: Partial<WatchedSchedule> = {}) =>
    lateness({ ...schedule, ...watched }, [row(change)], T0 + 2 * HOUR, T0 + 2 * HOUR + told).alerts;

  it("asks for due times whose start is known by now, and looks at the next one when it is", () => {
    const now = T0 + HOUR + told;
    expect(stretchOf(schedule, now)).toEqual({ after: T0, through: T0 + HOUR });
    expect(lateness(schedule, [], T0 + HOUR, now)).toEqual({
      alerts: [],
      fromAt: T0 + HOUR,
      lookAt: T0 + 2 * HOUR + told + 1,
    });
  });

  it("waits for due times that are not decided, and looks again where a clock was ahead", () => {
    const undecided = { ...schedule, place: { ...schedule.place, decidedTo: T0 + MINUTE } };
    expect(stretchOf(undecided, T0 + 3 * HOUR).through).toBe(T0 + MINUTE);
    const now = T0 + HOUR;
    const ahead = stretchOf({ ...schedule, fromAt: T0 + 500 * HOUR }, now);
    expect(ahead).toEqual({ after: now - told, through: now - told });
  });

  it.each<[string, Partial<WatchedFiring>]>([
    ["started later", { startedAt: T0 + HOUR + limitMs + 1 }],
    ["did not start", { startedAt: null }],
    ["was caught up too late", { outcome: "caught_up", startedAt: T0 + 2 * HOUR }],
    ["was not submitted", { outcome: "armed", runId: null, startedAt: null }],
    ["was missed", { outcome: "missed", runId: null, startedAt: null }],
  ])("is late where its run %s", (_, change) => {
    expect(look(change)).toMatchObject([
      { type: "schedule_late", dueAt: T0 + HOUR, runId: row(change).runId, detail: expect.any(String) },
    ]);
  });

  it.each<[string, Partial<WatchedFiring>, Partial<WatchedSchedule>?]>([
    ["its run started in time", { startedAt: T0 + HOUR + limitMs }],
    ["overlap skipped it", { outcome: "skipped", runId: null, startedAt: null }],
    ["it passed in a pause", { outcome: "paused", runId: null, startedAt: null }],
    ["somebody ran it by hand", { trigger: "run_now", startedAt: null }],
    ["Fly started it", { trigger: "fly", startedAt: null }],
    [
      "a pause is caught up",
      { outcome: "missed", startedAt: null },
      { place: { ...schedule.place, pausedAt: T0, resumedAt: T0 + 90 * MINUTE } },
    ],
  ])("is not late where %s", (_, change, watched) => {
    expect(look(change, watched)).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { RUNNER_OVERDUE_MS } from "../../src/core/limits.ts";
import { nextStep } from "../../src/core/next-step.ts";
import { failed } from "../../src/core/outcome.ts";
import { planAttempt } from "../../src/core/plan.ts";
import { endOfAttempt } from "../../src/core/retry.ts";
import {
  aBootingRun,
  aQueuedRun,
  aRetryingRun,
  aRunAhead,
  aRunningRun,
  aStartingRun,
  aSucceededRun,
  followedBy,
  type Story,
  T0,
} from "../support/a-run.ts";

const cancelled = (story: Story, at = T0 + 2000) => followedBy(story, { type: "cancel_requested", at });
const stopping = (story: Story, at = T0 + 3000) =>
  followedBy(story, { type: "stop_requested", at, attempt: 1 });
const step = (story: Story, nowMs: number) => nextStep(story.state, nowMs);

describe("the next step", () => {
  it("goes plan, launch, await_start, read_output, release, nothing when all is well", () => {
    expect(step(aQueuedRun(), T0)).toMatchObject({ do: "plan" });
    expect(step(aStartingRun(), T0)).toEqual({ do: "launch" });
    expect(step(aBootingRun(), T0 + 20)).toEqual({ do: "await_start", until: T0 + 10 + 120_000 });
    expect(step(aRunningRun(), T0 + 2000).do).toBe("read_output");
    const ended = aSucceededRun();
    expect(step(ended, T0 + 3000)).toMatchObject({ do: "release" });
    expect(
      step(followedBy(ended, { type: "machine_released", at: T0, attempt: 1, events: [] }), T0 + 3000),
    ).toEqual({ do: "nothing" });
  });

  it("waits for the Machine's end where output is not captured", () => {
    expect(step(aRunningRun({ capture: "none" }), T0 + 2000)).toEqual({
      do: "await_end",
      until: T0 + 1000 + 900_000,
    });
  });

  it("gives up at the queue limit, by name", () => {
    const late = step(aStartingRun(), T0 + 3_600_000);
    expect(late).toMatchObject({ do: "settle", ending: { reason: "timed_out" } });
    expect(late).toMatchObject({ ending: { detail: "no machine could be had after the queue limit of 1h" } });
  });

  it("gives up at the boot limit, by name", () => {
    expect(step(aBootingRun(), T0 + 10 + 120_000)).toMatchObject({
      do: "settle",
      ending: { reason: "timed_out", detail: "the machine was not started after the boot limit of 2m" },
    });
  });

  it("leaves the run limit to the runner and settles without it only when it is overdue", () => {
    const runLimit = T0 + 1000 + 900_000;
    expect(step(aRunningRun(), runLimit + 1).do).toBe("read_output");
    expect(step(aRunningRun(), runLimit + 10_000 + RUNNER_OVERDUE_MS)).toMatchObject({
      do: "settle",
      ending: { reason: "timed_out" },
    });
  });

  it("stops a Machine without a runner at the run limit and settles it when the stop limit is overdue", () => {
    const run = aRunningRun({ capture: "none" });
    const runLimit = T0 + 1000 + 900_000;
    expect(step(run, runLimit)).toEqual({ do: "stop" });
    const told = stopping(run, runLimit);
    expect(step(told, runLimit + 1).do).toBe("await_end");
    expect(step(told, runLimit + 10_000 + RUNNER_OVERDUE_MS)).toMatchObject({
      do: "settle",
      ending: { status: "failed", reason: "timed_out" },
    });
  });

  it("sees the machine of a failed attempt gone, rests until the next one's time, and then plans it", () => {
    const retrying = aRetryingRun();
    expect(step(retrying, T0 + 3000)).toMatchObject({ do: "release", attempt: { number: 1 } });
    expect(step(retrying, T0 + 70_000)).toMatchObject({ do: "release", attempt: { number: 1 } });
    const gone = followedBy(retrying, { type: "machine_released", at: T0 + 4000, attempt: 1, events: [] });
    expect(step(gone, T0 + 4000)).toEqual({ do: "rest", until: T0 + 62_000 });
    expect(step(gone, T0 + 62_000)).toMatchObject({ do: "plan" });
  });

  it("gives a retry a queue limit of its own, which a machine that will not go uses up", () => {
    const dueAt = T0 + 62_000;
    expect(step(aRetryingRun(), dueAt + 3_599_999).do).toBe("release");
    expect(step(aRetryingRun(), dueAt + 3_600_000)).toMatchObject({
      do: "settle",
      ending: {
        limit: "queue",
        detail: "the machine of attempt 1 was not known to be gone after the queue limit of 1h",
      },
    });
    const gone = followedBy(aRetryingRun(), { type: "machine_released", at: T0, attempt: 1, events: [] });
    expect(step(gone, dueAt + 3_599_999).do).toBe("plan");
    const second = followedBy(gone, planAttempt(gone.state, null, dueAt));
    expect(step(second, dueAt + 3_599_999).do).toBe("launch");
    expect(step(second, dueAt + 3_600_000)).toMatchObject({ do: "settle", ending: { limit: "queue" } });
  });

  it("cancels a run that waits for its next attempt at once, whether its machine is gone or not", () => {
    const gone = followedBy(aRetryingRun(), { type: "machine_released", at: T0, attempt: 1, events: [] });
    for (const waiting of [aRetryingRun(), gone])
      expect(step(cancelled(waiting), T0 + 5000)).toMatchObject({
        do: "settle",
        ending: { status: "cancelled" },
      });
  });

  it("cancels at once what is not started, and asks what is started to stop", () => {
    for (const early of [aQueuedRun(), aStartingRun(), aBootingRun()])
      expect(step(cancelled(early), T0 + 2000)).toMatchObject({
        do: "settle",
        ending: { status: "cancelled" },
      });
    expect(step(cancelled(aRunningRun()), T0 + 2000)).toEqual({ do: "stop" });
    const told = stopping(cancelled(aRunningRun()));
    expect(step(told, T0 + 4000).do).toBe("read_output");
    expect(step(told, T0 + 3000 + 10_000 + RUNNER_OVERDUE_MS)).toMatchObject({
      do: "settle",
      ending: { status: "cancelled" },
    });
  });
});

describe("a run that was accepted ahead of its time", () => {
  const START = T0 + 20_000;
  const created = {
    type: "machine_created",
    at: T0 + 10,
    machineId: "m",
    region: null,
    adopted: false,
  } as const;
  const waiting = followedBy(aRunAhead(START), { ...created, attempt: 1 });

  it("has its Machine made at once, and started at its time", () => {
    expect(step(aRunAhead(START), T0)).toEqual({ do: "launch" });
    expect(step(waiting, START - 1)).toEqual({ do: "make_ready", startsAt: START });
    expect(step(waiting, START)).toEqual({ do: "start", until: START + 120_000 });
    const started = followedBy(waiting, { type: "machine_started", at: START + 5, attempt: 1 });
    expect(step(started, START + 6).do).toBe("read_output");
  });

  it("is given up by the boot limit from its time on, and by the queue limit likewise", () => {
    expect(step(waiting, START + 119_999).do).toBe("start");
    expect(step(waiting, START + 120_000)).toMatchObject({ do: "settle", ending: { limit: "boot" } });
    const short = { timeouts: { queueMs: 1000, bootMs: 1000, runMs: 1000, stopMs: 1000 } };
    expect(step(aRunAhead(START, short), START + 999)).toEqual({ do: "launch" });
    expect(step(aRunAhead(START, short), START + 1000)).toMatchObject({ ending: { limit: "queue" } });
  });

  it("has no Machine that waits where that is asked for at its time or later", () => {
    const { state } = aRunAhead(START);
    const bare = { run: state.run, attempts: [] };
    const configOf = (at: number) => planAttempt(bare, null, T0, { app: null, at }).machineConfig;
    expect(configOf(START - 1).startsAt).toBe(START);
    expect("startsAt" in configOf(START)).toBe(false);
  });

  it("is tried again at its time and not before, and starts at once then", () => {
    const lost = failed("machine_lost", "the machine is gone");
    const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: false };
    const end = endOfAttempt(waiting.state, lost, null, output, T0 + 5000);
    expect(end).toMatchObject({ type: "attempt_failed", next: { at: START } });
    const gone = followedBy(waiting, end, {
      type: "machine_released",
      at: T0 + 6000,
      attempt: 1,
      events: [],
    });
    expect(step(gone, T0 + 7000)).toEqual({ do: "rest", until: START });
    expect(step(gone, START).do).toBe("plan");
    expect("startsAt" in planAttempt(gone.state, null, START).machineConfig).toBe(false);
  });

  it("is settled without a look where it is cancelled before", () => {
    expect(step(cancelled(waiting), START)).toMatchObject({ do: "settle", lookFirst: false });
  });
});

import { describe, expect, it } from "vitest";
import { literalKey, renderKey } from "../../src/core/concurrency-key.ts";
import type { RunEvent } from "../../src/core/event.ts";
import { applyEvent } from "../../src/core/lifecycle.ts";
import { nextStep } from "../../src/core/next-step.ts";
import { planAttempt } from "../../src/core/plan.ts";
import { endOfAttempt } from "../../src/core/retry.ts";
import type { Concurrency } from "../../src/core/run-spec.ts";
import { movedQueues } from "../../src/core/ticket.ts";
import { launchAwaited, waysIn } from "../../src/core/turn.ts";
import { aQueuedRun, followedBy, type Story, T0 } from "../support/a-run.ts";

const HOUR = 3_600_000;
const key = (change: Partial<Concurrency> = {}) => ({
  concurrency: { key: "k", limit: 1, strategy: "queue" as const, ...change },
});
const taken = (queue: string, limit: number, at = T0): RunEvent => ({ type: "slot_taken", at, queue, limit });
const awaited = (queue: string, limit: number, at = T0): RunEvent => ({
  type: "slot_awaited",
  at,
  queue,
  limit,
});
const types = (ways: RunEvent[][]) =>
  ways.map((way) => way.map((event) => ("queue" in event ? `${event.type} ${event.queue}` : event.type)));
const settings = (organizationLimit: number | null) => ({ organizationLimit, defaultRegion: null });
const queuesOf = ({ state }: Story) => state.run.tickets.map(({ queue, held }) => [queue, held]);
const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };
const exit = { code: 0, signal: null, oomKilled: false };
const ended = (reason: "machine_lost" | null): RunEvent => ({
  type: "settled",
  at: T0 + 5000,
  status: reason === null ? "succeeded" : "failed",
  reason,
  limit: null,
  detail: null,
  exit: null,
  output,
});

/** A run with a slot of its key, and its attempt under way. */
function holding(more: Parameters<typeof aQueuedRun>[0] = {}): Story {
  const story = followedBy(aQueuedRun({ ...key(), ...more }), taken("key:k", 1));
  return followedBy(story, planAttempt(story.state, null, T0));
}

const up: RunEvent[] = [
  { type: "machine_created", at: T0 + 1, attempt: 1, machineId: "m", region: null, adopted: false },
  { type: "machine_started", at: T0 + 2, attempt: 1 },
];
const gone: RunEvent = { type: "machine_released", at: T0 + 9000, attempt: 1, events: [] };

const LAUNCH = { app: null, at: T0 };

describe("the turn of a run", () => {
  it("has come at once where the run waits for nothing", () => {
    const { state } = aQueuedRun();
    expect(nextStep(state, T0)).toMatchObject({ do: "plan" });
    expect(types(waysIn(state, settings(null), T0, LAUNCH))).toEqual([["attempt_planned"]]);
  });

  it("waits for the run's time first, by a delay or a moment, and a moment that is past is now", () => {
    const delayed = aQueuedRun({ ...key(), delayMs: HOUR }).state;
    expect(nextStep(delayed, T0 + HOUR - 1)).toEqual({ do: "rest", until: T0 + HOUR });
    expect(nextStep(delayed, T0 + HOUR)).toMatchObject({ do: "take_turn" });
    expect(delayed.run.restsUntil).toBe(T0 + HOUR);
    const dated = aQueuedRun({ runAt: T0 + 2 * HOUR }).state;
    expect(nextStep(dated, T0)).toEqual({ do: "rest", until: T0 + 2 * HOUR });
    const past = aQueuedRun({ runAt: T0 - HOUR }).state;
    expect(nextStep(past, T0)).toMatchObject({ do: "plan" });
    expect(past.run.restsUntil).toBeNull();
  });

  it("is tried with all slots and the attempt at once, then with what can be had of them in their order", () => {
    const { state } = aQueuedRun(key());
    expect(types(waysIn(state, settings(5), T0, LAUNCH))).toEqual([
      ["slot_taken key:k", "slot_taken organization", "attempt_planned"],
      ["slot_taken key:k", "slot_awaited organization"],
      ["slot_awaited key:k"],
    ]);
    const inLine = followedBy({ state, events: [] }, awaited("key:k", 1)).state;
    expect(types(waysIn(inLine, settings(5), T0, LAUNCH))).toEqual([
      ["slot_taken key:k", "slot_taken organization", "attempt_planned"],
      ["slot_taken key:k", "slot_awaited organization"],
    ]);
    const further = followedBy({ state, events: [] }, taken("key:k", 1), awaited("organization", 5)).state;
    expect(types(waysIn(further, settings(5), T0, LAUNCH))).toEqual([
      ["slot_taken organization", "attempt_planned"],
    ]);
  });

  it("is taken without the attempt where that is planned in a step of its own", () => {
    const ways = waysIn(aQueuedRun(key()).state, settings(null), T0, null);
    expect(types(ways)).toEqual([["slot_taken key:k"], ["slot_awaited key:k"]]);
  });

  it("is not waited for by a run that is dropped where its key has no slot, and is where the organization has none", () => {
    const ways = waysIn(aQueuedRun(key({ strategy: "drop_new", limit: 2 })).state, settings(5), T0, LAUNCH);
    expect(types(ways).at(1)).toEqual(["slot_taken key:k", "slot_awaited organization"]);
    expect(ways.at(-1)).toMatchObject([
      {
        type: "settled",
        status: "cancelled",
        reason: "dropped",
        detail: "2 others have the concurrency key k",
      },
    ]);
  });

  it("expires, counted from the time at which the run is due", () => {
    const { state } = followedBy(
      aQueuedRun({ ...key(), delayMs: HOUR, expiresMs: HOUR }),
      awaited("key:k", 1, T0 + HOUR),
    );
    expect(nextStep(state, T0 + 2 * HOUR - 1)).toEqual({ do: "take_turn", until: T0 + 2 * HOUR });
    expect(nextStep(state, T0 + 2 * HOUR)).toMatchObject({
      do: "settle",
      ending: { status: "cancelled", reason: "expired", detail: "its turn had not come after 1h" },
    });
  });

  it("is not the deployment's limit any more where that was taken away", () => {
    const waiting = followedBy(aQueuedRun(), awaited("organization", 5));
    expect(nextStep(waiting.state, T0, 5)).toMatchObject({ do: "take_turn" });
    expect(nextStep(waiting.state, T0, null)).toMatchObject({ do: "plan" });
    expect(queuesOf(followedBy(waiting, planAttempt(waiting.state, null, T0)))).toEqual([]);
  });

  it("has come, with the queue limit, once the run stands in line for its launch; no queue that is limited later takes it back", () => {
    const at = T0 + 10 * HOUR;
    const before = followedBy(aQueuedRun(key()), awaited("key:k", 1), taken("key:k", 1, at));
    expect(types(waysIn(before.state, settings(null), at, "awaited"))).toEqual([["slot_awaited launches"]]);
    const { state } = followedBy(before, launchAwaited(at));
    const until = at + state.run.spec.timeouts.queueMs;
    expect(state.run).toMatchObject({ status: "queued", turnAt: at, restsUntil: until });
    for (const limit of [null, 1]) expect(nextStep(state, until - 1, limit)).toEqual({ do: "plan", until });
    expect(nextStep(state, until)).toMatchObject({
      do: "settle",
      ending: { reason: "timed_out", limit: "queue" },
      lookFirst: false,
    });
    expect(applyEvent(state, launchAwaited(at + 1))).toBeNull();
    const planned = followedBy({ state, events: [] }, planAttempt(state, null, at + 5000));
    expect(planned.state.run.turnAt).toBe(at);
    expect(queuesOf(planned)).toEqual([["key:k", true]]);
    expect(movedQueues(state.run, planned.state.run)).toEqual(["launches"]);
  });

  it("starts the queue limit: what was waited for before does not count", () => {
    const story = followedBy(aQueuedRun(key()), awaited("key:k", 1), taken("key:k", 1, T0 + 10 * HOUR));
    const planned = followedBy(story, planAttempt(story.state, null, T0 + 10 * HOUR)).state;
    expect(nextStep(planned, T0 + 11 * HOUR - 1)).toEqual({ do: "launch" });
    expect(nextStep(planned, T0 + 11 * HOUR)).toMatchObject({ do: "settle", ending: { limit: "queue" } });
  });

  it("cancels at once who waits, and tells who took its place", () => {
    const waiting = followedBy(aQueuedRun(key()), awaited("key:k", 1));
    const asked = followedBy(waiting, { type: "cancel_requested", at: T0, supersededBy: "run_x" });
    expect(asked.state.run.restsUntil).toBeNull();
    expect(nextStep(asked.state, T0)).toMatchObject({
      do: "settle",
      ending: { status: "cancelled", reason: "superseded", detail: "the newer run run_x took its place" },
    });
  });

  it("rests in a line until it expires, but for a run that ends others, which is looked after", () => {
    expect(followedBy(aQueuedRun(key()), awaited("key:k", 1)).state.run.restsUntil).toBe(T0 + 24 * HOUR);
    const ends = followedBy(aQueuedRun(key({ strategy: "cancel_running" })), awaited("key:k", 1));
    expect(ends.state.run.restsUntil).toBeNull();
    const inAll = followedBy(aQueuedRun(key({ strategy: "cancel_running" })), taken("key:k", 1));
    expect(followedBy(inAll, awaited("organization", 5)).state.run.restsUntil).toBe(T0 + 24 * HOUR);
  });
});

describe("a slot", () => {
  it("is needed before a run with a key gets an attempt, and is taken once", () => {
    const queued = aQueuedRun(key());
    expect(applyEvent(queued.state, planAttempt(queued.state, null, T0))).toBeNull();
    const inLine = followedBy(queued, awaited("key:k", 1));
    expect(applyEvent(inLine.state, planAttempt(inLine.state, null, T0))).toBeNull();
    expect(applyEvent(inLine.state, awaited("key:k", 1))).toBeNull();
    const has = followedBy(inLine, taken("key:k", 1));
    expect(applyEvent(has.state, taken("key:k", 1))).toBeNull();
    expect(queuesOf(has)).toEqual([["key:k", true]]);
  });

  it("is free with the outcome where the command is known to be over, or never had a machine", () => {
    const over = followedBy(holding(), ...up, {
      type: "exited",
      at: T0 + 4000,
      attempt: 1,
      exit,
      source: "runner",
    });
    expect(queuesOf(followedBy(over, ended(null)))).toEqual([]);
    expect(queuesOf(followedBy(aQueuedRun(key()), taken("key:k", 1), ended("machine_lost")))).toEqual([]);
  });

  it("is held while the command of a run that was given up may still run, until its machine is gone", () => {
    for (const events of [[], up]) {
      const givenUp = followedBy(holding(), ...events, ended("machine_lost"));
      expect(queuesOf(givenUp)).toEqual([["key:k", true]]);
      expect(queuesOf(followedBy(givenUp, gone))).toEqual([]);
    }
  });

  it("is kept by a run that retries, and free where it is given up between two machines", () => {
    const story = followedBy(
      holding({ retry: { ...aQueuedRun().state.run.spec.retry, attempts: 2 } }),
      ...up,
    );
    const failed = endOfAttempt(
      story.state,
      { status: "failed", reason: "exit_code", limit: null, detail: null },
      { ...exit, code: 1 },
      output,
      T0 + 5000,
    );
    const retrying = followedBy(story, failed);
    expect(retrying.state.run.status).toBe("retrying");
    expect(queuesOf(retrying)).toEqual([["key:k", true]]);
    const between = followedBy(retrying, gone);
    expect(queuesOf(between)).toEqual([["key:k", true]]);
    expect(queuesOf(followedBy(between, ended("machine_lost")))).toEqual([]);
  });

  it("that is given back, or a place in line that is left, concerns the next, and a place that is taken does not", () => {
    const moved = (before: Story, ...events: RunEvent[]) =>
      movedQueues(before.state.run, followedBy(before, ...events).state.run);
    const queued = aQueuedRun(key());
    const inLine = followedBy(queued, awaited("key:k", 1));
    expect(moved(queued, awaited("key:k", 1))).toEqual([]);
    expect(moved(queued, taken("key:k", 1))).toEqual([]);
    expect(moved(inLine, taken("key:k", 1))).toEqual(["key:k"]);
    expect(moved(inLine, ended("machine_lost"))).toEqual(["key:k"]);
    const both = followedBy(queued, taken("key:k", 1), taken("organization", 5));
    expect(moved(both, ended("machine_lost"))).toEqual(["key:k", "organization"]);
  });
});

describe("a concurrency key", () => {
  const source = {
    name: "nightly",
    image: "debian:12",
    tags: { env: "prod", "team/x.y": "data", odd: "{name}" },
  };

  it("has the run's own fields filled in", () => {
    expect(renderKey("deploy", source)).toEqual({ key: "deploy" });
    expect(renderKey("{name} on {image}", source)).toEqual({ key: "nightly on debian:12" });
    expect(renderKey("deploy-{tags.env}-{tags.team/x.y}", source)).toEqual({ key: "deploy-prod-data" });
  });

  it("has braces where two stand, and is not filled in twice", () => {
    expect(renderKey("{{name}}", source)).toEqual({ key: "{name}" });
    const once = renderKey("{tags.odd}", source);
    expect(once).toEqual({ key: "{name}" });
    expect(renderKey(literalKey("{name}"), source)).toEqual(once);
  });

  it("that names what the run does not have, or nobody has, says what is possible", () => {
    for (const template of ["{tags.none}", "{job}", "{}", "{name.x}", "{tags}", "{__proto__}", "{toString}"])
      expect(renderKey(template, source)).toMatchObject({
        complaint: expect.stringContaining("possible are {name}, {image}, {tags.KEY}"),
      });
    expect(renderKey("{name}", { ...source, name: null })).toHaveProperty("complaint");
    for (const template of ["a{b", "a}b", " ", "{tags.env", "a\nb", "x".repeat(257)])
      expect(renderKey(template, source)).toHaveProperty("complaint");
  });
});

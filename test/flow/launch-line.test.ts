import { describe, expect, it } from "vitest";
import { waitingBody } from "../../src/api/waiting-body.ts";
import { LAUNCH_LATE_MS, SWEEP_EVERY_MS } from "../../src/core/limits.ts";
import { awaitsLaunch } from "../../src/core/turn.ts";
import { advance } from "../../src/flow/flow.ts";
import type { LaunchSettings } from "../../src/flow/launches.ts";
import { aSpec, aStartingRun, T0 } from "../support/a-run.ts";
import { world } from "../support/flow-world.ts";
import { QueueWorld } from "../support/queue-world.ts";

const ONE_APP: LaunchSettings = { apps: ["a"], perSecond: 1 };
/** As the documents say. */
const HORIZON_S = 30;
const HORIZON_MS = HORIZON_S * 1000;

/** So many runs that come at once. */
async function orders(of: QueueWorld, count: number, spec: Parameters<QueueWorld["order"]>[0] = {}) {
  const ids: string[] = [];
  for (let times = 0; times < count; times++) ids.push(await of.order(spec, 100));
  return ids;
}

const inLine = (of: QueueWorld, runIds: string[]) => runIds.filter((id) => awaitsLaunch(of.run(id).run));
const isOver = (of: QueueWorld, runIds: string[]) => runIds.every((id) => of.run(id).run.settledAt !== null);

/** The times at which the machines were asked for, in order. */
const launches = (of: QueueWorld) =>
  [...of.machines.values()].map(({ from }) => from).toSorted((a, b) => a - b);

describe("a launch is taken half a minute ahead at most, and", () => {
  for (const how of ["cancelled", "timed out"] as const)
    it(`who comes after 200 that were ${how} while they waited is launched soon`, async () => {
      const of = new QueueWorld({ launches: ONE_APP });
      const timeouts = { ...aSpec().timeouts, queueMs: how === "timed out" ? 40_000 : 3_600_000 };
      const before = await orders(of, 200, { timeouts });
      expect(inLine(of, before).length).toBeGreaterThan(200 - HORIZON_S - 5);
      if (how === "cancelled") for (const id of before) await of.cancel(id);
      await of.until(() => isOver(of, before));
      of.now = Math.max(of.now, T0 + 45_000);
      const [late = ""] = await orders(of, 1);
      await of.until(() => isOver(of, [late]));
      expect(of.run(late).run.status).toBe("succeeded");
      expect((of.run(late).attempts[0]?.createdAt ?? 0) - of.run(late).run.acceptedAt).toBeLessThan(
        HORIZON_MS + 2000,
      );
    });

  it("those who wait go by priority, and then by age", async () => {
    const of = new QueueWorld({ launches: ONE_APP });
    const first = await orders(of, 100);
    const [idle = ""] = await orders(of, 1, { priority: -1 });
    const urgent = await orders(of, 3, { priority: 1000 });
    const begun = () => of.begun();
    await of.until(() => isOver(of, [...first, idle, ...urgent]));
    const planned = first.length - inLine(of, first).length;
    expect(planned).toBe(100);
    // Those who had their launch already keep it.
    expect(begun().indexOf(urgent[0] ?? "")).toBeLessThanOrEqual(HORIZON_S + 3);
    const others = begun().filter((id) => !urgent.includes(id));
    expect(others).toEqual([...first, idle]);
    expect(urgent.map((id) => begun().indexOf(id))).toEqual(
      urgent.map((_, index) => begun().indexOf(urgent[0] ?? "") + index),
    );
  });

  it("a driver that comes a moment late, or was refused, waits no longer than for those who are planned", async () => {
    const of = world(
      aStartingRun({}, { app: "a", at: T0 + 60_000 }),
      T0 + 60_000 + LAUNCH_LATE_MS + 200,
      {},
      false,
      ONE_APP,
    );
    const { run } = of.state();
    for (let others = 0; others < 300; others++)
      await of.ports.launches.take(of.now(), { machineName: "", inLine: run });
    await advance(of.ports, of.drive);
    const at = of.state().attempts[0]?.createAskedAt ?? 0;
    expect(at - of.now()).toBeGreaterThan(HORIZON_MS);
    expect(at - of.now()).toBeLessThan(HORIZON_MS + 2000);
  });
});

describe("the line of launches", () => {
  it("moves as fast as the apps launch, with no launch left out and none too many", async () => {
    const apps = Array.from({ length: 20 }, (_, index) => `app-${index}`) as LaunchSettings["apps"];
    for (const settings of [ONE_APP, { apps, perSecond: 1 }]) {
      const of = new QueueWorld({ launches: settings });
      const count = 100 + settings.apps.length * HORIZON_S;
      const runs = await orders(of, count);
      expect(inLine(of, runs).length).toBeGreaterThan(50);
      await of.until(() => isOver(of, runs));
      const times = launches(of);
      expect(times).toHaveLength(count);
      const lastMs = (times.at(-1) ?? 0) - T0;
      const neededMs = ((count - 2 * settings.apps.length) * 1000) / settings.apps.length;
      expect(lastMs).toBeGreaterThanOrEqual(neededMs - 1000);
      expect(lastMs).toBeLessThan(neededMs + 2000);
    }
  });

  it("goes on where every call is lost, by the sweep", async () => {
    const of = new QueueWorld({ launches: ONE_APP, deaf: true });
    const runs = await orders(of, 100);
    for (let minute = 1; minute <= 5; minute++) {
      await of.until(() => false, T0 + minute * SWEEP_EVERY_MS);
      of.now = T0 + minute * SWEEP_EVERY_MS;
      await of.sweep();
    }
    await of.until();
    expect(isOver(of, runs)).toBe(true);
  });

  it("goes on where every driver dies, by the sweep", async () => {
    const of = new QueueWorld({ launches: ONE_APP });
    const runs = await orders(of, 100);
    for (let minute = 1; minute <= 4; minute++) {
      of.crash();
      of.now = T0 + minute * SWEEP_EVERY_MS;
      await of.sweep();
      await of.until(() => false, of.now + SWEEP_EVERY_MS - 1);
    }
    expect(isOver(of, runs)).toBe(true);
  });

  it("waits for those that were planned before, which take another launch each after an outage and push nobody far away", async () => {
    const of = new QueueWorld({ launches: ONE_APP });
    const runs = await orders(of, 100);
    const waiting = inLine(of, runs);
    of.crash();
    of.now = T0 + 5 * SWEEP_EVERY_MS;
    await of.sweep();
    await of.until(() => inLine(of, waiting).length < waiting.length);
    const planned = runs.filter((id) => !waiting.includes(id));
    const times = planned.map((id) => of.run(id).attempts[0]?.createAskedAt ?? 0);
    expect(Math.max(...times) - of.now).toBeLessThan(2 * HORIZON_MS);
    await of.until(() => isOver(of, runs));
    expect((launches(of).at(-1) ?? 0) - T0 - 5 * SWEEP_EVERY_MS).toBeLessThan(runs.length * 1000 + 3000);
  });

  it("is passed by a retry, too, which keeps its slot meanwhile", async () => {
    const of = new QueueWorld({ launches: ONE_APP });
    const concurrency = { key: "k", limit: 1, strategy: "queue" as const };
    const lost = await of.order({ concurrency, priority: 1 }, 60_000);
    await of.until(() => of.run(lost).run.status === "running");
    const others = await orders(of, 200);
    of.machineOf(lost).seen = "lost";
    await of.until(() => of.run(lost).run.status === "retrying");
    of.machineOf(lost).seen = "truth";
    await of.until(() => awaitsLaunch(of.run(lost).run));
    const { run } = of.run(lost);
    expect(run.status).toBe("retrying");
    expect(run.tickets).toMatchObject([
      { queue: "key:k", held: true },
      { queue: "launches", held: false },
    ]);
    expect(waitingBody(run, null)).toMatchObject({ for: "launch" });
    await of.until(() => isOver(of, [lost, ...others]));
    expect(of.run(lost).attempts).toHaveLength(2);
  });

  it("is not for who comes in while others stand in it, unless it has the better rank", async () => {
    const of = new QueueWorld({ launches: ONE_APP });
    const waiting = await orders(of, 40);
    const behind = inLine(of, waiting);
    // A launch comes within the horizon, and nobody has been called yet.
    of.now += 3000;
    const [next = "", urgent = ""] = [...(await orders(of, 1)), ...(await orders(of, 1, { priority: 1 }))];
    expect(inLine(of, [next, urgent])).toEqual([next]);
    await of.until(() => isOver(of, [...waiting, next, urgent]));
    const theirs = of.begun().filter((id) => behind.includes(id) || id === next || id === urgent);
    expect(theirs).toEqual([urgent, ...behind, next]);
  });

  it("is left by who is cancelled or gives up, at once", async () => {
    const of = new QueueWorld({ launches: ONE_APP });
    const timeouts = { ...aSpec().timeouts, queueMs: 45_000 };
    const waiting = await orders(of, 100, { timeouts });
    const [first = "", second = ""] = inLine(of, waiting);
    await of.cancel(first);
    await of.until(() => of.run(first).run.settledAt !== null);
    expect(of.run(first)).toMatchObject({
      run: { status: "cancelled", open: false, tickets: [] },
      attempts: [],
    });
    await of.until(() => isOver(of, waiting));
    expect(of.run(second).run.status).toBe("succeeded");
    const [gaveUp = ""] = waiting.slice(-1);
    const { run } = of.run(gaveUp);
    expect(run).toMatchObject({ reason: "timed_out", limit: "queue", open: false, tickets: [] });
    expect((run.settledAt ?? 0) - run.acceptedAt).toBe(45_000);
    expect(of.run(gaveUp).attempts).toEqual([]);
  });

  it("lets all go on where launches are not counted any more", async () => {
    const of = new QueueWorld({ launches: { ...ONE_APP } });
    const waiting = await orders(of, 60);
    of.launches.perSecond = 0;
    await of.sweep();
    const now = of.now;
    await of.until(() => inLine(of, waiting).length === 0);
    expect(of.now - now).toBeLessThan(1000);
  });
});

describe("a run in line for a launch", () => {
  it("says so, its place, and about when it is launched", async () => {
    const of = new QueueWorld({ launches: ONE_APP });
    const waiting = inLine(of, await orders(of, 50));
    const [third = ""] = waiting.slice(2);
    const { run } = of.run(third);
    const place = await of.store.placeInQueue(run, "launches");
    const launchAt = of.ports().launches.expectedAt(of.now, place.ahead);
    const body = waitingBody(run, { ...place, launchAt });
    expect(body).toMatchObject({ for: "launch", key: null, limit: null, place: 3, running: null });
    await of.until(() => of.run(third).attempts.length > 0);
    const launchedAt = of.run(third).attempts[0]?.createAskedAt ?? 0;
    expect(Math.abs(Date.parse(body?.until ?? "") - launchedAt)).toBeLessThan(2000);
    expect(waitingBody(of.run(third).run, null)).toMatchObject({ for: "launch", place: null });
  });
});

import { describe, expect, it } from "vitest";
import type { Concurrency, RunSpec } from "../../src/core/run-spec.ts";
import { T0 } from "../support/a-run.ts";
import { QueueWorld } from "../support/queue-world.ts";

const keyed = (key: string, change: Partial<Concurrency> = {}, more: Partial<RunSpec> = {}) => ({
  concurrency: { key, limit: 1, strategy: "queue" as const, ...change },
  ...more,
});

async function orders(world: QueueWorld, count: number, spec: (index: number) => Partial<RunSpec>) {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) ids.push(await world.order(spec(index)));
  return ids;
}

const statuses = (world: QueueWorld, ids: string[]) => ids.map((id) => world.run(id).run.status);
const allOf = <T>(ids: string[], what: T) => ids.map(() => what);

describe("runs of one key", () => {
  it("go one after the other in the order they came, called by each other alone", async () => {
    const world = new QueueWorld();
    const ids = await orders(world, 12, () => keyed("k"));
    await world.until();
    expect(statuses(world, ids)).toEqual(allOf(ids, "succeeded"));
    expect(world.mostAtOnce()).toBe(1);
    expect(world.begun()).toEqual(ids);
  });

  it("fill all slots as soon as there are some: a slot that is free is not left so while somebody waits", async () => {
    const world = new QueueWorld();
    const first = await orders(world, 3, () => keyed("k", { limit: 3 }));
    const rest: string[] = [];
    for (let index = 0; index < 6; index++) rest.push(await world.order(keyed("k", { limit: 3 }), 60_000));
    await world.until(() => false, T0 + 30_000);
    expect(statuses(world, first)).toEqual(allOf(first, "succeeded"));
    expect(world.mostAtOnce(rest)).toBe(3);
    await world.until();
    expect(statuses(world, [...first, ...rest])).toEqual(allOf([...first, ...rest], "succeeded"));
    expect(world.mostAtOnce()).toBe(3);
  });

  it("that wait for a slot with a smaller limit of their own hold those behind them up, and nobody starves", async () => {
    const world = new QueueWorld();
    const holders = await orders(world, 2, () => keyed("k", { limit: 3 }));
    const alone = await world.order(keyed("k", { limit: 1 }));
    const behind = await world.order(keyed("k", { limit: 3 }));
    expect(statuses(world, [...holders, alone, behind])).toEqual([
      "starting",
      "starting",
      "queued",
      "queued",
    ]);
    await world.until();
    expect(world.begun()).toEqual([...holders, alone, behind]);
    expect(world.mostAtOnce([...holders, alone])).toBe(2);
  });

  it("go on within a minute where every call is lost: the sweep makes it good", async () => {
    const world = new QueueWorld({ deaf: true });
    const ids = await orders(world, 5, () => keyed("k"));
    for (let minute = 1; minute <= 10; minute++) {
      await world.until(() => false, T0 + minute * 60_000);
      world.now = T0 + minute * 60_000;
      await world.sweep();
    }
    await world.until();
    expect(statuses(world, ids)).toEqual(allOf(ids, "succeeded"));
    expect(world.begun()).toEqual(ids);
    expect(world.mostAtOnce()).toBe(1);
  });

  it("go on where all drivers died, with their places kept and no slot lost or doubled", async () => {
    const world = new QueueWorld();
    const ids = await orders(world, 6, () => keyed("k", { limit: 2 }));
    for (let minute = 1; minute <= 8; minute++) {
      // Somewhere on the way, and each time elsewhere.
      await world.until(() => world.machines.size >= minute, T0 + minute * 60_000);
      world.crash();
      world.now = T0 + minute * 60_000;
      await world.sweep();
    }
    await world.until();
    expect(statuses(world, ids)).toEqual(allOf(ids, "succeeded"));
    expect(world.begun()).toEqual(ids);
    expect(world.mostAtOnce()).toBeLessThanOrEqual(2);
  });

  it("do not follow one that was given up before its machine is known to be gone", async () => {
    const world = new QueueWorld();
    const first = await world.order(keyed("k", {}, { retry: noRetry }), 40_000);
    const second = await world.order(keyed("k"));
    await world.until(() => world.run(first).run.status === "running");
    world.machineOf(first).seen = "lost";
    await world.until(() => world.run(first).run.settledAt !== null);
    expect(world.run(first).run).toMatchObject({ reason: "machine_lost", open: true });
    await world.until(() => false, world.now + 20_000);
    expect(world.run(second).run.status).toBe("queued");
    world.machineOf(first).seen = "truth";
    await world.until();
    expect(world.run(second).run.status).toBe("succeeded");
    expect(world.mostAtOnce()).toBe(1);
  });

  it("are told apart from those of another: neither line waits for the other", async () => {
    const world = new QueueWorld();
    const slow = await world.order(keyed("a"), 60_000);
    const behind = await world.order(keyed("a"));
    const other = await world.order(keyed("b"));
    await world.until(() => world.run(other).run.settledAt !== null);
    expect(statuses(world, [slow, behind, other])).toEqual(["running", "queued", "succeeded"]);
  });
});

describe("the organization's limit", () => {
  it("holds for all runs, with and without a key, and the highest priority goes first", async () => {
    const world = new QueueWorld({ organizationLimit: 2 });
    const ids = await orders(world, 8, (index) => ({
      priority: index === 7 ? 10 : 0,
      ...(index % 2 === 0 ? keyed(`k${index % 4}`) : {}),
    }));
    await world.until();
    expect(statuses(world, ids)).toEqual(allOf(ids, "succeeded"));
    expect(world.mostAtOnce()).toBe(2);
    expect(world.begun()[2]).toBe(ids[7]);
  });

  it("is waited for with the key's slot held, so that a run of a full key holds up nobody", async () => {
    const world = new QueueWorld({ organizationLimit: 2 });
    const holder = await world.order(keyed("k"), 60_000);
    const ofFullKey = await world.order(keyed("k"));
    const others = await orders(world, 4, () => ({}));
    await world.until(() => others.every((id) => world.run(id).run.settledAt !== null), T0 + 50_000);
    expect(statuses(world, others)).toEqual(allOf(others, "succeeded"));
    expect(statuses(world, [holder, ofFullKey])).toEqual(["running", "queued"]);
    expect(world.run(ofFullKey).run.tickets).toMatchObject([{ queue: "key:k", held: false }]);
  });

  it("that is raised or taken away lets those in who wait, at the next sweep", async () => {
    for (const limit of [3, null]) {
      const world = new QueueWorld({ organizationLimit: 1 });
      const ids = [await world.order({}, 300_000), ...(await orders(world, 2, () => ({})))];
      await world.until(() => false, T0 + 60_000);
      world.organizationLimit = limit;
      world.now = T0 + 60_000;
      await world.sweep();
      await world.until(() => false, T0 + 120_000);
      expect(statuses(world, ids)).toEqual(["running", "succeeded", "succeeded"]);
    }
  });

  it("is no reason to drop a run that is dropped where its key is full", async () => {
    const world = new QueueWorld({ organizationLimit: 1 });
    await world.order({});
    const waits = await world.order(keyed("k", { strategy: "drop_new" }));
    const dropped = await world.order(keyed("k", { strategy: "drop_new" }));
    expect(world.run(waits).run.tickets.map(({ queue, held }) => [queue, held])).toEqual([
      ["key:k", true],
      ["organization", false],
    ]);
    expect(world.run(dropped).run).toMatchObject({ status: "cancelled", reason: "dropped", open: false });
    await world.until();
    expect(world.run(waits).run.status).toBe("succeeded");
  });
});

describe("a run that takes the place of others", () => {
  it("waits until they are gone, and of many newer ones the newest alone is left", async () => {
    const world = new QueueWorld();
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) {
      ids.push(await world.order(keyed("k", { strategy: "cancel_running" }), 20_000));
      await world.until(() => false, world.now + 3000);
    }
    await world.until();
    expect(ids.map((id) => world.run(id).run.reason)).toEqual([...allOf(ids.slice(1), "superseded"), null]);
    expect(ids.slice(0, 4).every((id) => ids.includes(world.run(id).run.supersededBy ?? ""))).toBe(true);
    expect(world.mostAtOnce()).toBe(1);
  });

  it("asks more of them than one step does, where there are more", async () => {
    const world = new QueueWorld();
    const older = await orders(world, 120, () => keyed("k"));
    const newest = await world.order(keyed("k", { strategy: "cancel_running" }));
    await world.until();
    expect(older.filter((id) => world.run(id).run.supersededBy === newest)).toHaveLength(120);
    expect(world.run(newest).run.status).toBe("succeeded");
  });

  it("that is cancelled itself before its turn leaves the others to the next that comes", async () => {
    const world = new QueueWorld({ deaf: true });
    const first = await world.order(keyed("k"), 20_000);
    const second = await world.order(keyed("k", { strategy: "cancel_running" }));
    await world.cancel(second);
    await world.until();
    expect([first, second].map((id) => world.run(id).run.status)).toEqual(["succeeded", "cancelled"]);
  });
});

const noRetry: RunSpec["retry"] = {
  attempts: 1,
  backoff: { initialMs: 1000, factor: 1, maxMs: 1000, jitter: 0 },
  rules: [{ reasons: ["machine_lost"], exitCodes: [], signals: [], do: "stop", waitMs: null }],
};

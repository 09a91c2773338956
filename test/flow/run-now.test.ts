import { describe, expect, it } from "vitest";
import { shardOf } from "../../src/core/schedule/spec.ts";
import { runNow } from "../../src/flow/fire-by-hand.ts";
import { fireShard } from "../../src/flow/fire-shard.ts";
import { aSchedule } from "../contracts/schedule-store-contract.ts";
import { T0 } from "../support/a-run.ts";
import { ScheduleWorld } from "../support/schedule-world.ts";

const KEY = { orgId: "default", job: "j", name: "s" };

async function aWorld() {
  const world = new ScheduleWorld();
  await world.put("j", [aSchedule({ overlap: "allow" })]);
  world.now += 1234;
  const run = async (orderKey: string | null = null) => {
    const schedule = await world.schedules.find(KEY);
    if (schedule === null) throw new Error("the schedule is gone");
    return runNow(world.ports, schedule, orderKey);
  };
  const rows = () => world.schedules.of(KEY).map(({ dueAt, outcome }) => [dueAt - T0, outcome]);
  return { world, run, rows };
}

it.each([
  ["at once", async () => {}],
  ["when a timekeeper has started it", (world: ScheduleWorld) => fireShard(world.ports, shardOf(KEY))],
])("one call that arms twice, as where an answer is lost, %s, is one run", async (_when, meanwhile) => {
  const { world, run, rows } = await aWorld();
  const arm = world.schedules.arm.bind(world.schedules);
  world.schedules.arm = async (...asked) => {
    await arm(...asked);
    await meanwhile(world);
    return arm(...asked);
  };
  const firing = await run();
  expect(firing).toMatchObject({ outcome: "ran", trigger: "run_now", runId: world.runs()[0]?.run.id });
  expect(rows()).toEqual([[1234, "ran"]]);
  expect(world.runs()).toHaveLength(1);
});

it("calls in one millisecond are one run, which each is told, and those of others have their own", async () => {
  const { world, run, rows } = await aWorld();
  const [one, other] = await Promise.all([run(), run()]);
  expect(one).toEqual(other);
  world.now += 1;
  await run();
  expect(rows()).toEqual([
    [1234, "ran"],
    [1235, "ran"],
  ]);
});

it("where the rule names this moment, the call has the next one", async () => {
  const { world, run, rows } = await aWorld();
  await world.tick();
  world.now = T0 + 60_000;
  await run();
  expect(rows()).toEqual([
    [60_000, "armed"],
    [60_001, "ran"],
  ]);
});

describe("a key", () => {
  it("makes calls one run, however much later they come and whatever has become of it", async () => {
    const { world, run, rows } = await aWorld();
    const ran = await run("k");
    await world.end(ran.runId ?? "");
    world.now += 60_000;
    expect(await run("k")).toMatchObject({ dueAt: ran.dueAt, outcome: "ran", runId: ran.runId });
    expect(rows()).toEqual([[1234, "ran"]]);
    expect(world.runs()).toHaveLength(1);
  });

  it("makes calls of one moment one run, and other keys their own", async () => {
    const { world, run, rows } = await aWorld();
    const told = await Promise.all(["k", "k", "l", "m"].map((key) => run(key)));
    expect(told.map(({ dueAt }) => dueAt - T0)).toEqual([1234, 1234, 1235, 1236]);
    expect(rows()).toEqual([1234, 1235, 1236].map((dueAt) => [dueAt, "ran"]));
    expect(world.runs()).toHaveLength(3);
  });

  it("finds what was armed by a call that broke off, and starts it", async () => {
    const { world, run, rows } = await aWorld();
    const { orderOf } = world;
    world.orderOf = async () => {
      throw new Error("the worker broke off");
    };
    await expect(run("k")).rejects.toThrow("the worker broke off");
    expect(rows()).toEqual([[1234, "armed"]]);
    world.orderOf = orderOf;
    world.now += 5000;
    expect(await run("k")).toMatchObject({ dueAt: T0 + 1234, outcome: "ran" });
    expect(rows()).toEqual([[1234, "ran"]]);
  });

  it("is told what a timekeeper has made of it meanwhile", async () => {
    const { world, run } = await aWorld();
    const arm = world.schedules.arm.bind(world.schedules);
    world.schedules.arm = async (...asked) => {
      await arm(...asked);
      throw new Error("the answer is lost");
    };
    await expect(run("k")).rejects.toThrow("the answer is lost");
    world.schedules.arm = arm;
    await fireShard(world.ports, shardOf(KEY));
    expect(await run("k")).toMatchObject({ outcome: "ran", runId: world.runs()[0]?.run.id });
    expect(world.runs()).toHaveLength(1);
  });

  it("tells of what was skipped, and skips no second time", async () => {
    const { world, run, rows } = await aWorld();
    await world.put("j", [aSchedule({ overlap: "skip" })]);
    const { runId } = await run();
    world.now += 1000;
    const skipped = await run("k");
    expect(skipped).toMatchObject({ outcome: "skipped", blockedBy: runId });
    await world.end(runId ?? "");
    expect(await run("k")).toMatchObject({ dueAt: skipped.dueAt, outcome: "skipped" });
    expect(rows()).toEqual([
      [1234, "ran"],
      [2234, "skipped"],
    ]);
  });

  it("is of one schedule", async () => {
    const { world, run } = await aWorld();
    await world.put("j", [aSchedule({ overlap: "allow" }), aSchedule({ name: "other" })]);
    await run("k");
    const other = await world.schedules.find({ ...KEY, name: "other" });
    if (other === null) throw new Error("the schedule is gone");
    await expect(runNow(world.ports, other, "k")).rejects.toMatchObject({
      code: "idempotency_conflict",
      path: "header.idempotency-key",
    });
    expect(world.runs()).toHaveLength(1);
  });
});

import { expect, it } from "vitest";
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
  const run = async () => {
    const schedule = await world.schedules.find(KEY);
    if (schedule === null) throw new Error("the schedule is gone");
    return runNow(world.ports, schedule);
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

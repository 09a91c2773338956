import { expect, test } from "vitest";
import {
  DELIVERIES_KEPT_MS,
  FIRINGS_KEPT_MS,
  FORGET_EVERY_MS,
  FORGET_PAGE_LEDGERS,
} from "../../src/core/limits.ts";
import { type ForgetPorts, forgetOld } from "../../src/flow/forget.ts";
import { aDelivery } from "../contracts/hook-store-contract.ts";
import { aSchedule } from "../contracts/schedule-store-contract.ts";
import { ScheduleWorld } from "../support/schedule-world.ts";

const MINUTE = 60_000;
const HOUR = Math.ceil(Date.UTC(2026, 10, 21) / FORGET_EVERY_MS) * FORGET_EVERY_MS;

async function aWorldWith(jobs: number): Promise<ScheduleWorld> {
  const world = new ScheduleWorld();
  world.now = HOUR;
  for (let index = 0; index < jobs; index++) await world.put(`j${index}`, [aSchedule()]);
  await world.live(10 * MINUTE);
  return world;
}
const NO_BODIES = { forget: async () => 0 };
const forgetAt = (world: ScheduleWorld, now: number, bodies: ForgetPorts["bodies"] = NO_BODIES) =>
  forgetOld({
    schedules: world.schedules,
    alerts: world.alerts,
    hooks: world.hooks,
    bodies,
    notifications: { forget: async () => 0 },
    handovers: { forget: async () => 0 },
    store: world.store,
    clock: { now: () => now },
  });
/** Nothing is older than this but what was due in the first five minutes. */
const LATER = HOUR + FIRINGS_KEPT_MS + FORGET_EVERY_MS;

test("what is older than the ledger tells of is forgotten once an hour, and of each schedule the last stays", async () => {
  const world = await aWorldWith(2);
  const before = world.schedules.ledger.size;
  expect(await forgetAt(world, LATER - FORGET_EVERY_MS)).toBe(0);
  expect(await forgetAt(world, LATER + MINUTE)).toBe(0);
  expect(await forgetAt(world, LATER)).toBe(before - 2);
  expect([...world.schedules.ledger.values()].map(({ job }) => job)).toEqual(["j0", "j1"]);
});

test("many ledgers are gone through page by page, and one call goes on where another broke off", async () => {
  const world = await aWorldWith(FORGET_PAGE_LEDGERS + 20);
  const before = world.schedules.ledger.size;
  const last = { orgId: "default", job: "j50", name: "s" };
  await world.store.keepSweepCursor("ledgers", JSON.stringify(last));
  const first = await forgetAt(world, LATER);
  expect((await world.store.sweepCursors()).ledgers).toBe("");
  expect(first).toBeGreaterThan(0);
  expect(first + (await forgetAt(world, LATER))).toBe(before - (FORGET_PAGE_LEDGERS + 20));
});

test("while bodies can not be forgotten, what was done of the ledgers is not done again", async () => {
  const world = await aWorldWith(1);
  await world.store.keepSweepCursor("ledgers", JSON.stringify({ orgId: "default", job: "j", name: "s" }));
  const down = async () => {
    throw new Error("R2 is down");
  };
  await expect(forgetAt(world, LATER, { forget: down })).rejects.toThrow("R2 is down");
  expect((await world.store.sweepCursors()).ledgers).toBe("");
});

test("alerts as old are forgotten with it, but for that of a job that is silent still", async () => {
  const world = new ScheduleWorld();
  world.now = HOUR;
  for (const job of ["silent", "heard-of-no-more"]) await world.put(job, [], { expect_every: "1h" });
  world.now += 2 * 60 * MINUTE;
  await world.cron();
  await world.put("heard-of-no-more", []);
  expect(world.alerts.alerts).toHaveLength(2);
  expect(await forgetAt(world, LATER)).toBe(0);
  expect(await forgetAt(world, LATER + 2 * FORGET_EVERY_MS)).toBe(1);
  world.now = LATER + 3 * FORGET_EVERY_MS;
  await world.cron();
  expect(world.alerts.alerts).toMatchObject([{ job: "silent", at: HOUR + 2 * 60 * MINUTE }]);
});

test("deliveries as old are forgotten with it, those of hooks that are gone, too", async () => {
  const world = new ScheduleWorld();
  const receivedAt = [LATER - DELIVERIES_KEPT_MS - 1, LATER - DELIVERIES_KEPT_MS];
  for (const [index, at] of receivedAt.entries())
    await world.hooks.record(
      { ...aDelivery({ orgId: "default", job: "j", name: "h" }, `d${index}`), receivedAt: at },
      at,
    );
  expect(await forgetAt(world, LATER)).toBe(1);
  expect([...world.hooks.ledger.values()].map(({ id }) => id)).toEqual(["d1"]);
  expect((await world.store.sweepCursors()).deliveries).toBe("");
});

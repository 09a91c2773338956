/** What the minute's cron asks of D1 is within what Cloudflare lets one invocation ask. */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import {
  D1_QUERIES_MAX,
  FLY_TEND_MAX_STATEMENTS,
  FORGET_CRON_STATEMENTS,
  NOTIFY_CRON_STATEMENTS,
  REAP_MAX_DESTROYS,
  SECRETS_CRON_STATEMENTS,
  SWEEP_MAX_HEADS,
  SWEEP_MAX_QUEUES,
  SWEEP_MAX_RUNS,
  SWEEP_MAX_WAKES,
  TICK_MAX_STATEMENTS,
  WATCH_MAX_PAGES,
} from "../../src/core/limits.ts";
import { countedStatements } from "../../src/d1/counted.ts";
import { d1FlySchedules } from "../../src/d1/fly-schedules.ts";
import { d1Jobs } from "../../src/d1/job-store.ts";
import { d1Schedules } from "../../src/d1/schedule-store.ts";
import { d1Store } from "../../src/d1/store.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import { tick } from "../../src/flow/tick.ts";
import { aSchedule } from "../contracts/schedule-store-contract.ts";
import { T0 } from "../support/a-run.ts";
import { countedD1 } from "../support/counted-d1.ts";
import { FlyWorld } from "../support/fly-world.ts";

/** What a look at a schedule of Fly's goes on to do where it finds that its call is over. */
const BEGUN = 20;

it("the shares of all that the cron does are within one invocation's queries", () => {
  const shares = [
    TICK_MAX_STATEMENTS + 1,
    5 * WATCH_MAX_PAGES,
    FLY_TEND_MAX_STATEMENTS + BEGUN,
    SWEEP_MAX_WAKES / SWEEP_MAX_RUNS + 3 * (SWEEP_MAX_HEADS / SWEEP_MAX_QUEUES) + 5,
    4 * REAP_MAX_DESTROYS + 30,
    FORGET_CRON_STATEMENTS,
    NOTIFY_CRON_STATEMENTS,
    SECRETS_CRON_STATEMENTS,
  ];
  expect(shares.reduce((sum, share) => sum + share)).toBeLessThan(D1_QUERIES_MAX);
});

it("a tick counts what it sends", async () => {
  const { database, counts } = countedD1(env.DB);
  const jobs = d1Jobs(database);
  const next = { version: 1, definition: { run: {} }, change: { kind: "put" as const }, createdAt: T0 };
  for (const name of ["counted-1", "counted-2"]) await jobs.put("default", name, null, next, [aSchedule()]);
  const before = counts.sent;
  const { statements, firings } = await tick({
    schedules: d1Schedules(database),
    clock: { now: () => T0 + 1 },
    timekeepers: { wake: async () => {} },
  });
  expect(firings).toBeGreaterThan(0);
  // When the first firings are armed for is one more.
  expect(statements + 1).toBe(counts.sent - before);
});

it("starts that Fly made for days come to runs in several calls, each within its share", async () => {
  // What is counted from outside is what the look itself goes by.
  const outer = countedD1(env.DB);
  const { database, sent } = countedStatements(outer.database);
  const world = new FlyWorld();
  const store = d1Store(database);
  const flySchedules = d1FlySchedules(database);
  const launches = launchesOver(store, { apps: ["one"], perSecond: 0 });
  const jobs = d1Jobs(database);
  Object.assign(world.ports, { sent, store, flySchedules, jobs, launches });
  const names = ["a", "b", "c"];
  const next = { version: 1, definition: { run: {} }, change: { kind: "put" as const }, createdAt: T0 };
  const specs = names.map((name) => aSchedule({ name, rule: { kind: "fly" as const, period: "hourly" } }));
  await jobs.put("default", "tended", null, next, specs);
  await world.tick();
  world.keptEvents = world.toldEvents = 1000;
  for (const machine of world.living())
    for (let count = 0; count < 50; count++) {
      world.start(machine);
      world.stop(0, machine);
    }
  const asked: number[] = [];
  for (let starts = -1; starts !== 0; ) {
    const before = outer.counts.sent;
    const report = await world.tick();
    expect(report.problems).toEqual([]);
    starts = report.starts;
    asked.push(outer.counts.sent - before);
  }
  console.log("statements of one look at Machines that Fly starts:", asked);
  expect(Math.max(...asked)).toBeLessThanOrEqual(FLY_TEND_MAX_STATEMENTS + BEGUN);
  const schedules = d1Schedules(env.DB);
  for (const name of names) {
    const key = { orgId: "default", job: "tended", name };
    const { firings } = await schedules.firings(key, { outcome: "ran", before: null, limit: 100 });
    expect(firings).toHaveLength(50);
  }
});

/**
 * The ledger on the real D1 where whoever decides and starts firings is killed at any step. That a batch is stored as a whole or not at
 * all when its process is killed in the middle of it is D1's promise, which `test/stories/schedules.test.ts` asks of a real one.
 */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { Overlap } from "../../src/core/schedule/schedule.ts";
import { d1Jobs } from "../../src/d1/job-store.ts";
import { d1Schedules } from "../../src/d1/schedule-store.ts";
import { d1Store } from "../../src/d1/store.ts";
import { fireShard } from "../../src/flow/fire-shard.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import type { Drivers } from "../../src/flow/ports.ts";
import { tick } from "../../src/flow/tick.ts";
import { Timekeeper } from "../../src/flow/timekeeper.ts";
import { aSchedule } from "../contracts/schedule-store-contract.ts";
import { aRunId, aSpec, T0 } from "../support/a-run.ts";
import { Mortal } from "../support/mortal-d1.ts";

const MINUTE = 60_000;
/** In the second of these minutes the process is killed, and another one comes in the minute after it. */
const MINUTES = 3;
const KILLED_IN = 2;

/** What is due each minute. Runs never end, so that what may not overlap is skipped, or waits, from the second one on. */
const JOBS: { job: string; overlap: Overlap; punctual?: true }[] = [
  { job: "allow", overlap: "allow" },
  { job: "skip", overlap: "skip" },
  { job: "queue", overlap: "queue" },
  { job: "punctual", overlap: "allow", punctual: true },
];

/** Plays the minutes. @returns whether the process was killed before so many of its calls were made */
async function play(orgId: string, calls: number): Promise<boolean> {
  await env.DB.batch([env.DB.prepare("DELETE FROM schedules"), env.DB.prepare("DELETE FROM firings")]);
  let now = T0;
  /** As their storage keeps them, whoever is killed. */
  const alarms = new Map<number, number>();
  const processOf = (mortal: Mortal) => {
    const database = mortal.database(env.DB);
    const store = d1Store(database);
    const ports = {
      store,
      jobs: d1Jobs(database),
      schedules: d1Schedules(database),
      clock: { now: () => now },
      ids: { runId: (nowMs: number) => aRunId(nowMs) },
      drivers: { start: async () => {} } as unknown as Drivers,
      launches: launchesOver(store, { apps: ["mayfly-tests"], perSecond: 0 }),
      defaultRegion: null,
      organizationLimit: null,
      orderOf: async ({ job: { name, version } }: { job: { name: string; version: number } }) => ({
        spec: aSpec(),
        job: { name, version, input: "{}" },
      }),
    };
    const keeper = (shard: number) => {
      const alarm = mortal.through({
        alarmAt: async () => alarms.get(shard) ?? null,
        setAlarm: async (atMs: number) => void alarms.set(shard, atMs),
      });
      const fire = (passedOver: number) => fireShard(ports, shard, passedOver);
      return new Timekeeper({ clock: ports.clock, logError: () => {}, fire, ...alarm });
    };
    return {
      tick: () => tick({ ...ports, timekeepers: { wake: (shard, atMs) => keeper(shard).wake(atMs) } }),
      ring: (shard: number) => keeper(shard).alarm(),
      jobs: ports.jobs,
    };
  };
  const immortal = processOf(new Mortal());
  const next = { version: 1, definition: { run: {} }, change: { kind: "put" as const }, createdAt: T0 };
  for (const { job, ...how } of JOBS) {
    const catchUp = { mode: "all" as const, windowMs: 60 * MINUTE, afterPause: false };
    await immortal.jobs.put(orgId, job, null, next, [
      aSchedule({ ...how, catchUp, endsAt: T0 + MINUTES * MINUTE + 1 }),
    ]);
  }
  let isKilled = false;
  for (let minute = 0; minute <= MINUTES; minute++) {
    now = Math.max(now, T0 + minute * MINUTE);
    const mortal = minute === KILLED_IN ? new Mortal(calls) : new Mortal();
    const { tick: tickOnce, ring } = minute === KILLED_IN ? processOf(mortal) : immortal;
    await tickOnce();
    for (;;) {
      const [first] = [...alarms].sort(([, a], [, b]) => a - b);
      if (mortal.isDead || first === undefined || first[1] >= T0 + (minute + 1) * MINUTE) break;
      const [shard, atMs] = first;
      alarms.delete(shard);
      now = Math.max(now, atMs);
      await ring(shard).catch(() => undefined);
    }
    isKilled ||= mortal.isDead;
  }
  return isKilled;
}

async function rows<T>(sql: string, orgId: string): Promise<T[]> {
  return (await env.DB.prepare(sql).bind(orgId).all<T>()).results;
}

it("each due time has one row, and one run where it says so, wherever the process is killed that decides and starts them", {
  timeout: 180_000,
}, async () => {
  for (let calls = 0; ; calls++) {
    const orgId = `killed-${calls}`;
    const isKilled = await play(orgId, calls);
    const where = `killed after ${calls} calls`;
    const ledger = await rows<{ job: string; minute: number; outcome: string; run_id: string | null }>(
      `SELECT job, (due_at - ${T0}) / ${MINUTE} AS minute, outcome, run_id FROM firings WHERE org_id = ? ORDER BY job, due_at`,
      orgId,
    );
    const minutes = Array.from({ length: MINUTES }, (_, index) => index + 1);
    for (const { job, overlap } of JOBS) {
      const own = ledger.filter((row) => row.job === job);
      expect(
        own.map(({ minute }) => minute),
        `${where}: ${job}`,
      ).toEqual(minutes);
      const isFired = own.map(({ outcome }) => ["ran", "caught_up"].includes(outcome));
      expect(
        own.map(({ run_id }) => run_id !== null),
        `${where}: ${job}`,
      ).toEqual(isFired);
      if (overlap !== "skip") expect(isFired, `${where}: ${job}`).toEqual(minutes.map(() => true));
    }
    const runs = await rows<{ id: string; job: string; minute: number }>(
      `SELECT id, job_name AS job, (firing ->> 'dueAt' - ${T0}) / ${MINUTE} AS minute FROM runs WHERE org_id = ? ORDER BY job, minute`,
      orgId,
    );
    const told = ledger.flatMap(({ job, minute, run_id }) => (run_id ? [{ id: run_id, job, minute }] : []));
    expect(runs, where).toEqual(told);
    const held = await rows<{ queue: string; runs: number }>(
      "SELECT queue, sum(held) AS runs FROM queue_tickets WHERE org_id = ? GROUP BY queue HAVING runs > 1",
      orgId,
    );
    expect(held, where).toEqual([]);
    if (!isKilled) {
      // The reads and batches of a tick, and of each schedule.
      expect(calls).toBeGreaterThan(30);
      break;
    }
  }
});

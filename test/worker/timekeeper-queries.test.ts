/** What a timekeeper asks of D1 at one alarm is within what Cloudflare lets one invocation ask. */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { D1_QUERIES_MAX, TIMEKEEPER_BATCH_FIRINGS } from "../../src/core/limits.ts";
import { shardOf } from "../../src/core/schedule/spec.ts";
import { d1Jobs } from "../../src/d1/job-store.ts";
import { d1Schedules } from "../../src/d1/schedule-store.ts";
import { d1Store } from "../../src/d1/store.ts";
import { fireShard } from "../../src/flow/fire-shard.ts";
import { launchesOver } from "../../src/flow/launches.ts";
import type { Drivers } from "../../src/flow/ports.ts";
import { tick } from "../../src/flow/tick.ts";
import { aSchedule } from "../contracts/schedule-store-contract.ts";
import { aRunId, aSpec, T0 } from "../support/a-run.ts";
import { countedD1 } from "../support/counted-d1.ts";

const MINUTE = 60_000;
const SHARD = 3;

/** As many schedules of one timekeeper as it starts at one alarm, all due each minute. Their runs never end. */
async function aFullShard(overlap: "skip" | "queue", perSecond: number) {
  for (const table of ["schedules", "firings"]) await env.DB.prepare(`DELETE FROM ${table}`).run();
  const { database, counts } = countedD1(env.DB);
  const jobs = d1Jobs(database);
  const orgId = `${overlap}-${perSecond}`;
  const names = Array.from({ length: 100 * TIMEKEEPER_BATCH_FIRINGS }, (_, index) => `j${index}`)
    .filter((job) => shardOf({ orgId, job, name: "s" }) === SHARD)
    .slice(0, TIMEKEEPER_BATCH_FIRINGS);
  const next = { version: 1, definition: { run: {} }, change: { kind: "put" as const }, createdAt: T0 };
  for (const name of names) await jobs.put(orgId, name, null, next, [aSchedule({ overlap })]);
  const store = d1Store(database);
  let now = T0;
  const ports = {
    store,
    jobs,
    schedules: d1Schedules(database),
    clock: { now: () => now },
    ids: { runId: (nowMs: number) => aRunId(nowMs) },
    drivers: { start: async () => {} } as unknown as Drivers,
    launches: launchesOver(store, { apps: ["one", "two", "three"], perSecond }),
    defaultRegion: null,
    organizationLimit: 1_000_000,
    orderOf: async ({ job: { name, version } }: { job: { name: string; version: number } }) => ({
      spec: aSpec({ tags: { a: "1", b: "2" }, concurrency: { key: name, limit: 9, strategy: "queue" } }),
      job: { name, version, input: "{}" },
    }),
  };
  /** What becomes of a minute, and how many statements it takes the timekeeper. */
  return async (minute: number) => {
    now = T0 + minute * MINUTE;
    await tick({ ...ports, timekeepers: { wake: async () => {} } });
    const before = counts.sent;
    const { problems } = await fireShard(ports, SHARD);
    const rows = await env.DB.prepare(
      "SELECT outcome, count(*) AS firings FROM firings WHERE org_id = ? AND due_at = ? GROUP BY outcome",
    )
      .bind(orgId, now)
      .all<{ outcome: string; firings: number }>();
    const became = Object.fromEntries(rows.results.map(({ outcome, firings }) => [outcome, firings]));
    return { became, problems, sent: counts.sent - before };
  };
}

it.each([
  ["skip", "skipped", 0],
  ["skip", "skipped", 10],
  ["queue", "ran", 0],
] as const)(
  "%s: where all are new, and where all previous runs are still at work (%s)",
  async (overlap, second, perSecond) => {
    const fireMinute = await aFullShard(overlap, perSecond);
    const asked: number[] = [];
    for (const [minute, outcome] of [
      [1, "ran"],
      [2, second],
    ] as const) {
      const { became, problems, sent } = await fireMinute(minute);
      expect({ became, problems }).toEqual({
        became: { [outcome]: TIMEKEEPER_BATCH_FIRINGS },
        problems: [],
      });
      asked.push(sent);
    }
    console.log(`statements of one alarm, ${overlap}:`, asked);
    expect(Math.max(...asked)).toBeLessThanOrEqual(D1_QUERIES_MAX);
  },
);

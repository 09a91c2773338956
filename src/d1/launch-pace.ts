/** Taking turns in the apps' buckets: `core/pace.ts` as SQL, each call one statement, which in D1 nobody comes between. */

import { and, eq, type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import {
  LAUNCH_AHEAD_MAX_MS,
  LAUNCH_BURST,
  LAUNCH_CLOCK_TRUST_MS,
  LAUNCH_HORIZON_MS,
} from "../core/limits.ts";
import { launchAt, nextLaunchTryAt, type TakenLaunch } from "../core/pace.ts";
import type { Run } from "../core/run.ts";
import { LAUNCH_QUEUE, rankOf } from "../core/turn.ts";
import { launchPace } from "./schema.ts";

/** The app of these whose turn it is, with a launch taken from it; null where that would come too late, or others in line come first. */
export async function takeLaunch(
  db: DrizzleD1Database,
  apps: string[],
  intervalMs: number,
  nowMs: number,
  beforeMs: number = Number.MAX_SAFE_INTEGER,
  inLine: Run | null = null,
): Promise<TakenLaunch | null> {
  const untilMs = inLine === null ? beforeMs : Math.min(beforeMs, nowMs + LAUNCH_HORIZON_MS + 1);
  const mayTake = inLine === null ? sql`true` : sql`(${countBefore(inLine)}) < (SELECT launches FROM free)`;
  const next = sql`min(max(known, ${nowMs}) + ${intervalMs}, ${nowMs + LAUNCH_AHEAD_MAX_MS})`;
  const row = await db.get<{ app: string; next_at: number }>(sql`
    WITH ${buckets(apps, nowMs)}, ${freeLaunches(intervalMs, nowMs)}
    INSERT INTO ${launchPace} (app, next_at, taken_at)
    SELECT app, ${next} AS next, ${nowMs} FROM buckets
    WHERE max(${nowMs}, next - ${LAUNCH_BURST * intervalMs}) < ${untilMs} AND ${mayTake} ORDER BY known, place LIMIT 1
    ${ON_CONFLICT}
    RETURNING app, next_at`);
  if (!row) return null;
  const { app, next_at: nextAt } = row;
  return { app, nextAt, at: launchAt({ nextAt, takenAt: nowMs }, intervalMs) };
}

export async function nextLaunchTry(
  db: DrizzleD1Database,
  run: Run,
  apps: string[],
  intervalMs: number,
  nowMs: number,
  beforeMs: number,
): Promise<number | null> {
  const rows = await db.all<{ next_at: number | null; taken_at: number; ahead: number }>(sql`
    WITH ${buckets(apps, nowMs)}, ${freeLaunches(intervalMs, nowMs)}
    SELECT next_at, taken_at, (${countBefore(run, 1)}) AS ahead FROM buckets`);
  const paces = rows.map(({ next_at: nextAt, taken_at: takenAt }) =>
    nextAt === null ? null : { nextAt, takenAt },
  );
  return nextLaunchTryAt(paces, rows[0]?.ahead ?? 0, intervalMs, nowMs, beforeMs);
}

export async function nextForLaunches(
  db: DrizzleD1Database,
  orgId: string,
  apps: string[],
  intervalMs: number,
  nowMs: number,
  limit: number,
): Promise<string[]> {
  const rows = await db.all<{ run_id: string }>(sql`
    WITH ${buckets(apps, nowMs)}, ${freeLaunches(intervalMs, nowMs)}
    SELECT run_id FROM queue_tickets WHERE org_id = ${orgId} AND queue = ${LAUNCH_QUEUE} AND held = 0
    ORDER BY rank, run_id LIMIT min(${limit}, max(1, (SELECT launches FROM free)))`);
  return rows.map(({ run_id }) => run_id);
}

/** What is known of each app's bucket. An array's keys are its order, which decides between buckets that are full. */
function buckets(apps: string[], nowMs: number): SQL {
  return sql`buckets AS (
      SELECT wanted.value AS app, wanted.key AS place, next_at, taken_at, coalesce(${knownNextAt(nowMs)}, 0) AS known
      FROM json_each(${JSON.stringify(apps)}) AS wanted LEFT JOIN ${launchPace} ON launch_pace.app = wanted.value
    )`;
}

/** How many launches are within the horizon, of all these buckets. */
function freeLaunches(intervalMs: number, nowMs: number): SQL {
  const untilMs = nowMs + LAUNCH_HORIZON_MS + LAUNCH_BURST * intervalMs;
  return sql`free AS (
      SELECT coalesce(sum(max(0, CAST((${untilMs} - max(known, ${nowMs})) / ${intervalMs} AS INTEGER))), 0) AS launches FROM buckets
    )`;
}

/** Runs before one in the line, of which it reads no more than there are launches for, or a few more. */
function countBefore(run: Run, more = 0): SQL {
  return sql`SELECT count(*) FROM (
      SELECT 1 FROM queue_tickets WHERE org_id = ${run.orgId} AND queue = ${LAUNCH_QUEUE} AND held = 0
      AND (rank, run_id) < (${rankOf(run)}, ${run.id}) LIMIT (SELECT launches FROM free) + ${more}
    )`;
}

/** Nothing happens where another launch was taken since. */
export async function putLaunchBack(
  db: DrizzleD1Database,
  { app, nextAt }: TakenLaunch,
  intervalMs: number,
): Promise<void> {
  await db
    .update(launchPace)
    .set({ nextAt: nextAt - intervalMs })
    .where(and(eq(launchPace.app, app), eq(launchPace.nextAt, nextAt)));
}

/** An app whose bucket is empty, whatever was taken from it. */
export async function emptyLaunches(
  db: DrizzleD1Database,
  app: string,
  intervalMs: number,
  nowMs: number,
): Promise<void> {
  const emptyAt = nowMs + LAUNCH_BURST * intervalMs;
  await db.run(sql`
    INSERT INTO ${launchPace} (app, next_at, taken_at)
    SELECT wanted.value, max(coalesce(${knownNextAt(nowMs)}, 0), ${emptyAt}), ${nowMs}
    FROM json_each(${JSON.stringify([app])}) AS wanted LEFT JOIN ${launchPace} ON launch_pace.app = wanted.value
    WHERE true
    ${ON_CONFLICT}`);
}

function knownNextAt(nowMs: number) {
  return sql`iif(taken_at > ${nowMs + LAUNCH_CLOCK_TRUST_MS}, ${nowMs} + next_at - taken_at, next_at)`;
}

const ON_CONFLICT = sql`ON CONFLICT (app) DO UPDATE SET next_at = excluded.next_at, taken_at = excluded.taken_at`;

/** Taking turns in the apps' buckets: `core/pace.ts` as SQL, each call one statement, which in D1 nobody comes between. */

import { and, eq, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { LAUNCH_AHEAD_MAX_MS, LAUNCH_BURST, LAUNCH_CLOCK_TRUST_MS } from "../core/limits.ts";
import { launchAt, type TakenLaunch } from "../core/pace.ts";
import { launchPace } from "./schema.ts";

/** The app of these whose turn it is, with a launch taken from it; null where that would come too late. */
export async function takeLaunch(
  db: DrizzleD1Database,
  apps: string[],
  intervalMs: number,
  nowMs: number,
  beforeMs: number = Number.MAX_SAFE_INTEGER,
): Promise<TakenLaunch | null> {
  const next = sql`min(max(known, ${nowMs}) + ${intervalMs}, ${nowMs + LAUNCH_AHEAD_MAX_MS})`;
  // An array's keys are its order, which decides between buckets that are full.
  const row = await db.get<{ app: string; next_at: number }>(sql`
    INSERT INTO ${launchPace} (app, next_at, taken_at)
    SELECT app, ${next} AS next, ${nowMs}
    FROM (
      SELECT wanted.value AS app, wanted.key AS place, coalesce(${knownNextAt(nowMs)}, 0) AS known
      FROM json_each(${JSON.stringify(apps)}) AS wanted LEFT JOIN ${launchPace} ON launch_pace.app = wanted.value
    )
    WHERE max(${nowMs}, next - ${LAUNCH_BURST * intervalMs}) < ${beforeMs} ORDER BY known, place LIMIT 1
    ${ON_CONFLICT}
    RETURNING app, next_at`);
  if (!row) return null;
  const { app, next_at: nextAt } = row;
  return { app, nextAt, at: launchAt({ nextAt, takenAt: nowMs }, intervalMs) };
}

/** Nothing happens where another launch was taken since. */
export async function putLaunchBack(
  db: DrizzleD1Database,
  { app, nextAt }: TakenLaunch,
  intervalMs: number,
): Promise<void> {
  if (nextAt === null) return;
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

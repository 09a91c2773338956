/** What a change of a job does to what is watched of it, as statements of the batch that changes the job. */

import { and, eq, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { WatchWish } from "../core/alert/alert.ts";
import { watches } from "./schema.ts";

type Db = DrizzleD1Database;

/**
 * Makes what is watched that of its definition. What was watched before goes on from where it is.
 * @param isSo what must hold of the job after the change; elsewhere nothing is synced
 */
export function syncWatches(
  db: Db,
  orgId: string,
  job: string,
  wanted: WatchWish[],
  at: number,
  isSo: SQL = sql`true`,
): BatchItem<"sqlite">[] {
  const rows = JSON.stringify(wanted);
  const dropped = db
    .delete(watches)
    .where(
      and(
        eq(watches.orgId, orgId),
        eq(watches.job, job),
        sql`schedule NOT IN (SELECT value ->> 'schedule' FROM json_each(${rows}))`,
        isSo,
      ),
    );
  if (wanted.length === 0) return [dropped];
  return [
    dropped,
    db
      .insert(watches)
      .select(
        sql`SELECT ${orgId}, ${job}, value ->> 'schedule', value ->> 'limitMs', ${at}, ${at}, ${at} FROM json_each(${rows}) WHERE ${isSo}`,
      )
      .onConflictDoUpdate({
        target: [watches.orgId, watches.job, watches.schedule],
        // With another rule or limit it may be time sooner.
        set: {
          limitMs: sql`excluded.limit_ms`,
          lookAt: sql`excluded.look_at`,
          lookedAt: sql`excluded.looked_at`,
        },
      }),
  ];
}

/** A job whose pause ends is waited for from then on; null where it does not end. */
export function watchAnew(db: Db, orgId: string, job: string, at: number | null) {
  return db
    .update(watches)
    .set({ fromAt: sql`${at}`, lookAt: sql`${at}` })
    .where(
      and(
        eq(watches.orgId, orgId),
        eq(watches.job, job),
        eq(watches.schedule, ""),
        sql`${at} IS NOT NULL AND EXISTS (SELECT 1 FROM jobs j WHERE j.org_id = ${orgId} AND j.name = ${job} AND j.paused_at IS NOT NULL)`,
      ),
    );
}

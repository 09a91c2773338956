/**
 * Handovers in rows. A trigger writes them with the event that settles a run (`handovers_settled` in the migrations), so that no writer can
 * forget one; the row of a run that is started by one changes in that run's own batch, so that of the two there is neither without the other.
 */

import { and, eq, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { type LinkDefinition, statusesOf } from "../core/chain/link.ts";
import { rootOf } from "../core/chain/upstream.ts";
import type { RunEvent } from "../core/event.ts";
import type { Run } from "../core/run.ts";
import { handovers, jobLinks } from "./schema.ts";

/** Statements that give the waiting row its run. Where there is none a NULL of a key's column ends the batch. */
export function handedOverBy(db: DrizzleD1Database, run: Run): BatchItem<"sqlite">[] {
  const { upstream, job } = run;
  // A re-run has what was handed to the run that it repeats, and takes nothing up.
  if (upstream === null || upstream.chain === null || job === null) return [];
  return [
    db
      .update(handovers)
      .set({ verdict: "started", runId: run.id, nextAt: null, decidedAt: run.acceptedAt, detail: null })
      .where(
        sql`root_run_id = ${upstream.chain.rootId} AND upstream_run_id = ${upstream.runId} AND job = ${job.name} AND verdict = 'waiting'`,
      ),
    // `changes()` is of the statement before.
    db.run(sql`INSERT INTO handovers (root_run_id, upstream_run_id, job, org_id, verdict, ended_at, tries)
      SELECT NULL, '', '', '', '', 0, 0 WHERE changes() = 0`),
  ];
}

/** What a batch's statement returns that settles a run, so that whoever stores that knows whether jobs are to start; null where none of its events does. */
export function handsOver(run: Run, events: RunEvent[]): { handsOver: SQL<number> } | null {
  if (!events.some(({ type }) => type === "settled")) return null;
  return {
    handsOver: sql<number>`EXISTS (SELECT 1 FROM handovers WHERE root_run_id = ${rootOf(run)} AND upstream_run_id = ${run.id})`,
  };
}

/** Whether a statement of a batch with {@link handsOver} said so. */
export function saidHandsOver(results: unknown[]): boolean {
  return results.some(
    (rows) => Array.isArray(rows) && rows.some((row: { handsOver?: number }) => row.handsOver === 1),
  );
}

/**
 * Makes what a job starts after that of its definition.
 * @param isSo what must hold of the job after the change; elsewhere nothing is synced
 */
export function syncLinks(
  db: DrizzleD1Database,
  orgId: string,
  job: string,
  on: readonly LinkDefinition[],
  isSo: SQL = sql`true`,
): BatchItem<"sqlite">[] {
  const rows = JSON.stringify(
    on.flatMap((link) => statusesOf(link).map((status) => ({ upstream: link.job, status }))),
  );
  const dropped = db
    .delete(jobLinks)
    .where(
      and(
        eq(jobLinks.orgId, orgId),
        eq(jobLinks.job, job),
        sql`(upstream, status) NOT IN (SELECT value ->> 'upstream', value ->> 'status' FROM json_each(${rows}))`,
        isSo,
      ),
    );
  if (on.length === 0) return [dropped];
  return [
    dropped,
    db
      .insert(jobLinks)
      .select(
        sql`SELECT ${orgId}, value ->> 'upstream', value ->> 'status', ${job} FROM json_each(${rows}) WHERE ${isSo}`,
      )
      .onConflictDoNothing(),
  ];
}

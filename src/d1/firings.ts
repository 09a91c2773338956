/** The ledger's row of a run that is for a due time: it changes in the batch that stores the run, so that of the two there is neither without the other. */

import { type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { Run } from "../core/run.ts";
import type { ScheduleKey } from "../core/schedule/spec.ts";
import { firings } from "./schema.ts";

/** Statements that give the armed row its run. Where there is none a NULL of a key's column ends the batch. */
export function firedBy(db: DrizzleD1Database, run: Run): BatchItem<"sqlite">[] {
  const { firing, job } = run;
  if (firing === null || job === null) return [];
  // Nothing was armed: the row's key is what makes it one run.
  if (firing.startedByFly)
    return [
      db.insert(firings).values({
        orgId: run.orgId,
        job: job.name,
        schedule: firing.schedule,
        dueAt: firing.dueAt,
        span: 0,
        outcome: "ran",
        startAt: firing.dueAt,
        shard: 0,
        throughAt: firing.dueAt,
        count: 1,
        isCountExact: true,
        trigger: "fly",
        runId: run.id,
        why: null,
        decidedAt: run.acceptedAt,
      }),
    ];
  const outcome = firing.isCaughtUp ? "caught_up" : "ran";
  return [
    db
      .update(firings)
      .set({
        outcome,
        runId: run.id,
        decidedAt: run.acceptedAt,
        ...(firing.ahead && { startAt: firing.ahead.startsAt }),
      })
      .where(
        sql`org_id = ${run.orgId} AND job = ${job.name} AND schedule = ${firing.schedule} AND due_at = ${firing.dueAt}
          AND span = 0 AND outcome = 'armed'`,
      ),
    // `changes()` is of the statement before.
    db.run(sql`INSERT INTO firings (org_id, job, schedule, due_at, span, outcome, shard, through_at, count, is_count_exact,
        trigger, decided_at)
      SELECT NULL, '', '', 0, 0, '', 0, 0, 0, 0, '', 0 WHERE changes() = 0`),
  ];
}

/**
 * Whether a run that was accepted ahead still has its due time. The row is armed again where the schedule or the job is another one
 * than it was accepted for, or rests, which makes a revision, too.
 */
export async function isStillDue(db: DrizzleD1Database, run: Run): Promise<boolean> {
  const { firing, job, orgId } = run;
  if (!firing?.ahead || job === null) return true;
  const isIts = sql`org_id = ${orgId} AND job = ${job.name} AND schedule = ${firing.schedule} AND due_at = ${firing.dueAt}
    AND span = 0 AND run_id = ${run.id}`;
  const [, rows] = await db.batch([
    db
      .update(firings)
      .set({ outcome: "armed", runId: null })
      .where(
        sql`${isIts} AND NOT EXISTS (SELECT 1 FROM schedules s JOIN jobs j ON j.org_id = s.org_id AND j.name = s.job
          WHERE s.org_id = ${orgId} AND s.job = ${job.name} AND s.name = ${firing.schedule}
            AND s.revision = ${firing.ahead.revision} AND j.version = ${job.version} AND j.deleted_at IS NULL)`,
      ),
    db.select({ runId: firings.runId }).from(firings).where(isIts),
  ]);
  return rows.length > 0;
}

/** What finds the ledger of one schedule. */
export function isOfSchedule({ orgId, job, name }: ScheduleKey): SQL {
  return sql`org_id = ${orgId} AND job = ${job} AND schedule = ${name}`;
}

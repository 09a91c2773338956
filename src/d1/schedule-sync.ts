/** What a change of a job does to its schedules, as statements of the batch that changes the job. */

import { and, eq, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { nextDue } from "../core/schedule/due.ts";
import { type ScheduleSpec, timingText } from "../core/schedule/spec.ts";
import { firings, schedules } from "./schema.ts";

type Db = DrizzleD1Database;

/** Bits of `pauses`: who has a schedule rest. */
export const PAUSED_BY = { definition: 1, hand: 2, job: 4 } as const;

/**
 * Makes a job's schedules those of its definition. One whose due times stay the same keeps its place, and with another rule it begins to
 * count now; what was armed and is not due yet goes with the rule that named it.
 * @param isSo what must hold of the job after the change; elsewhere nothing is synced
 */
export function syncSchedules(
  db: Db,
  orgId: string,
  job: string,
  wanted: ScheduleSpec[],
  at: number,
  isSo: SQL = sql`true`,
): BatchItem<"sqlite">[] {
  const rows = JSON.stringify(
    wanted.map((spec) => ({
      name: spec.name,
      timing: timingText(spec),
      spec: JSON.stringify(spec),
      next: nextDue(spec, at),
      paused: spec.paused ? PAUSED_BY.definition : 0,
    })),
  );
  const isWanted = sql`EXISTS (SELECT 1 FROM json_each(${rows}) e
    WHERE e.value ->> 'name' = s.name AND e.value ->> 'timing' = s.timing)`;
  const pausedWithJob = sql`(SELECT CASE WHEN j.paused_at IS NULL THEN 0 ELSE ${PAUSED_BY.job} END FROM jobs j
    WHERE j.org_id = ${orgId} AND j.name = ${job})`;
  const nextPauses = sql`((${schedules.pauses} & ${PAUSED_BY.hand}) | excluded.pauses)`;
  return [
    // From the schedules to their last due times, so that what is read is not all that a job ever fired.
    db.delete(firings).where(
      and(
        sql`(org_id, job, schedule, due_at, span) IN (
          SELECT f.org_id, f.job, f.schedule, f.due_at, f.span FROM schedules s CROSS JOIN firings f
          ON f.org_id = s.org_id AND f.job = s.job AND f.schedule = s.name AND f.due_at > ${at}
          WHERE s.org_id = ${orgId} AND s.job = ${job} AND f.outcome = 'armed' AND f.trigger = 'rule' AND NOT ${isWanted})`,
        isSo,
      ),
    ),
    db
      .delete(schedules)
      .where(
        and(
          eq(schedules.orgId, orgId),
          eq(schedules.job, job),
          sql`name NOT IN (SELECT value ->> 'name' FROM json_each(${rows}))`,
          isSo,
        ),
      ),
    db
      .insert(schedules)
      .select(
        sql`SELECT ${orgId}, ${job}, e.value ->> 'name', e.value ->> 'spec', e.value ->> 'timing', 1, ${at}, e.value ->> 'next',
          (e.value ->> 'paused') | ${pausedWithJob}, NULL, NULL, ${at} FROM json_each(${rows}) e WHERE ${isSo}`,
      )
      .onConflictDoUpdate({
        target: [schedules.orgId, schedules.job, schedules.name],
        set: {
          spec: sql`excluded.spec`,
          timing: sql`excluded.timing`,
          revision: sql`${schedules.revision} + 1`,
          decidedTo: sql`CASE WHEN ${schedules.timing} = excluded.timing THEN ${schedules.decidedTo} ELSE excluded.decided_to END`,
          countsFrom: sql`CASE WHEN ${schedules.timing} = excluded.timing THEN ${schedules.countsFrom} ELSE excluded.counts_from END`,
          // One that rests is not due, and comes due when it goes on.
          nextDueAt: sql`CASE WHEN ${nextPauses} <> 0 THEN NULL WHEN ${schedules.timing} = excluded.timing THEN ${schedules.nextDueAt}
            ELSE excluded.next_due_at END`,
          pauses: nextPauses,
        },
        setWhere: sql`${schedules.spec} <> excluded.spec OR ${schedules.pauses} <> ${nextPauses}`,
      }),
    ...settlePauses(db, orgId, job, at),
  ];
}

/** A job's pause, or its end, for its schedules. */
export function pauseSchedules(
  db: Db,
  orgId: string,
  job: string,
  at: number,
  isPaused: boolean,
): BatchItem<"sqlite">[] {
  return [
    db
      .update(schedules)
      .set({ pauses: withPause(PAUSED_BY.job, isPaused) })
      .where(and(eq(schedules.orgId, orgId), eq(schedules.job, job))),
    ...settlePauses(db, orgId, job, at),
  ];
}

/** `pauses` with one more who has it rest, or one less. */
export function withPause(bit: number, isPaused: boolean): SQL<number> {
  return isPaused ? sql`${schedules.pauses} | ${bit}` : sql`${schedules.pauses} & ~${bit}`;
}

/**
 * What follows from `pauses`, where it does not hold yet. A schedule that begins to rest leaves those that come due; what was armed ahead
 * is paused at once, and decided anew if the pause ends before. One that ends its rest comes due at once, so that somebody decides what
 * became of the time between.
 */
export function settlePauses(db: Db, orgId: string, job: string, at: number): BatchItem<"sqlite">[] {
  const rests = sql`${schedules.pauses} <> 0`;
  const rested = sql`(paused_at IS NOT NULL AND resumed_at IS NULL)`;
  return [
    // From the schedules to their last due times, as above.
    db
      .update(firings)
      .set({ outcome: "paused", decidedAt: at })
      .where(
        sql`(org_id, job, schedule, due_at, span) IN (
          SELECT f.org_id, f.job, f.schedule, f.due_at, f.span FROM schedules s CROSS JOIN firings f
          ON f.org_id = s.org_id AND f.job = s.job AND f.schedule = s.name AND f.due_at >= ${at}
          WHERE s.org_id = ${orgId} AND s.job = ${job} AND s.pauses <> 0 AND NOT ${rested}
            AND f.outcome = 'armed' AND f.trigger = 'rule')`,
      ),
    db
      .update(schedules)
      .set({
        decidedTo: sql`CASE WHEN ${rests} THEN min(${schedules.decidedTo}, ${at}) ELSE ${schedules.decidedTo} END`,
        pausedAt: sql`CASE WHEN ${rests} THEN ${at} ELSE ${schedules.pausedAt} END`,
        resumedAt: sql`CASE WHEN ${rests} THEN NULL ELSE ${at} END`,
        nextDueAt: sql`CASE WHEN ${rests} THEN NULL ELSE ${schedules.decidedTo} END`,
        revision: sql`${schedules.revision} + 1`,
      })
      .where(and(eq(schedules.orgId, orgId), eq(schedules.job, job), sql`(${rests}) <> ${rested}`)),
  ];
}

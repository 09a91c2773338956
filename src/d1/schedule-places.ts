/**
 * Schedules and their places on D1: up to where due times are decided. A schedule's `revision` and place are the lock of whoever decides
 * its due times.
 */

import { and, eq, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { PassedFiring } from "../core/schedule/schedule.ts";
import { type ScheduleKey, type ScheduleSpec, shardOf } from "../core/schedule/spec.ts";
import type { Decided, Pauser, SchedulePlaces, StoredSchedule } from "../flow/ports/schedules.ts";
import { PAUSED_BY, settlePauses, withPause } from "./schedule-sync.ts";
import { schedules } from "./schema.ts";

type ScheduleRow = typeof schedules.$inferSelect;

export function d1SchedulePlaces(database: D1Database): SchedulePlaces {
  const db = drizzle(database);
  const isSchedule = ({ orgId, job, name }: ScheduleKey) =>
    and(eq(schedules.orgId, orgId), eq(schedules.job, job), eq(schedules.name, name));
  const selected = (where: SQL | undefined, order: SQL, limit: number) =>
    db.select().from(schedules).where(where).orderBy(order).limit(limit);
  return {
    async due(throughMs, limit) {
      const rows = await selected(sql`next_due_at <= ${throughMs}`, sql`next_due_at`, limit);
      return rows.map(scheduleFromRow);
    },

    async placedAfter(ms, limit) {
      return (await selected(sql`decided_to > ${ms}`, sql`decided_to`, limit)).map(scheduleFromRow);
    },

    async ofJob(orgId, job) {
      const isOfJob = and(eq(schedules.orgId, orgId), eq(schedules.job, job));
      return (await selected(isOfJob, sql`name`, 1000)).map(scheduleFromRow);
    },

    async find(key) {
      const row = await db.select().from(schedules).where(isSchedule(key)).get();
      return row ? scheduleFromRow(row) : null;
    },

    async findAll(keys) {
      const wanted = sql`SELECT value ->> 'orgId', value ->> 'job', value ->> 'name' FROM json_each(${JSON.stringify(keys)})`;
      return (await selected(sql`(org_id, job, name) IN (${wanted})`, sql`job, name`, keys.length)).map(
        scheduleFromRow,
      );
    },

    async list(orgId, after, limit) {
      const isAfter = after === null ? sql`true` : sql`(job, name) > (${after.job}, ${after.name})`;
      const rows = await selected(sql`org_id = ${orgId} AND ${isAfter}`, sql`job, name`, limit);
      return rows.map(scheduleFromRow);
    },

    async record(decided, at) {
      if (decided.length === 0) return;
      const places = JSON.stringify(decided.map(placeRow));
      const rows = JSON.stringify(decided.flatMap(firingRows));
      const asSeen = (row: string) => `s.org_id = ${row}.value ->> 'o' AND s.job = ${row}.value ->> 'j'
        AND s.name = ${row}.value ->> 'n' AND s.revision = ${row}.value ->> 'r' AND s.decided_to = ${row}.value ->> 'd'`;
      await database.batch([
        // Of a due time that has a row only what nobody can have meant is changed: see `core/schedule/decide.ts`.
        database
          .prepare(
            `INSERT INTO firings (org_id, job, schedule, due_at, span, outcome, start_at, shard, through_at, count,
               is_count_exact, trigger, run_id, why, decided_at)
             SELECT s.org_id, s.job, s.name, f.value ->> 'at', f.value ->> 'span', f.value ->> 'out', f.value ->> 'start',
               f.value ->> 'shard', f.value ->> 'to', f.value ->> 'count', f.value ->> 'exact', 'rule', NULL, NULL, ?2
             FROM json_each(?1) f CROSS JOIN schedules s ON ${asSeen("f")} WHERE true
             ON CONFLICT (org_id, job, schedule, due_at, span) DO UPDATE SET outcome = excluded.outcome,
               start_at = excluded.start_at, through_at = excluded.through_at, count = excluded.count,
               is_count_exact = excluded.is_count_exact, why = NULL, decided_at = excluded.decided_at
             WHERE (firings.span = 0 AND firings.outcome IN ('missed', 'paused') AND excluded.outcome = 'armed')
               OR (firings.span = 0 AND firings.outcome = 'paused' AND excluded.outcome = 'missed')
               OR (firings.outcome = 'armed' AND excluded.outcome = 'armed' AND excluded.start_at < firings.start_at)
               OR (firings.span = 1 AND excluded.through_at > firings.through_at)`,
          )
          .bind(rows, at),
        database
          .prepare(
            `UPDATE schedules AS s SET decided_to = p.value ->> 'to', next_due_at = p.value ->> 'next'
             FROM json_each(?1) p WHERE ${asSeen("p")}`,
          )
          .bind(places),
      ]);
    },

    async pause(key, at, isPaused) {
      await db.batch([
        db
          .update(schedules)
          .set({ pauses: withPause(PAUSED_BY.hand, isPaused) })
          .where(isSchedule(key)),
        ...settlePauses(db, key.orgId, key.job, at),
      ]);
      return this.find(key);
    },
  };
}

/** A schedule from its row. */
export function scheduleFromRow(row: ScheduleRow): StoredSchedule {
  const { orgId, job, name, spec, revision, decidedTo, countsFrom, pausedAt, resumedAt, nextDueAt, pauses } =
    row;
  return {
    orgId,
    job,
    name,
    spec: spec as ScheduleSpec,
    revision,
    place: { decidedTo, countsFrom, pausedAt, resumedAt },
    nextDueAt,
    pausedBy: (Object.keys(PAUSED_BY) as Pauser[]).filter((who) => (pauses & PAUSED_BY[who]) !== 0),
  };
}

/** What finds a schedule that is as it was seen. */
function seen({ orgId, job, name, revision, place }: StoredSchedule) {
  return { o: orgId, j: job, n: name, r: revision, d: place.decidedTo };
}

function placeRow({ schedule, decision }: Decided) {
  return { ...seen(schedule), to: decision.decidedTo, next: decision.nextDueAt };
}

function firingRows({ schedule, decision }: Decided) {
  const shared = { ...seen(schedule), shard: shardOf(schedule) };
  return decision.firings.map((firing) => {
    const { outcome: out, dueAt: at } = firing;
    if (firing.outcome === "armed")
      return { ...shared, at, out, span: 0, start: firing.startAt, to: at, count: 1, exact: 1 };
    const { throughAt: to, count, isCountExact } = firing satisfies PassedFiring;
    const span = count > 1 || !isCountExact ? 1 : 0;
    return { ...shared, at, out, span, start: null, to, count, exact: isCountExact ? 1 : 0 };
  });
}

/** Armed firings on D1: what is to be started, and what becomes of it. A row that is not armed any more is nobody's to change here. */

import { eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { SCHEDULE_PROMPT_MS, TIMEKEEPER_SHARDS } from "../core/limits.ts";
import { scheduleQueue } from "../core/turn.ts";
import type { ArmedFirings, ArmedRow, FiringTrigger } from "../flow/ports/schedules.ts";
import { isOfSchedule } from "./firings.ts";
import { firings, timekeepers } from "./schema.ts";

export function d1ArmedFirings(database: D1Database): ArmedFirings {
  const db = drizzle(database);
  return {
    async armedAt() {
      const shards = JSON.stringify(Array.from({ length: TIMEKEEPER_SHARDS }, (_, shard) => shard));
      const rows = await db.all<{ at: number | null }>(sql`SELECT
        (SELECT start_at FROM firings WHERE outcome = 'armed' AND shard = value ORDER BY start_at LIMIT 1) AS at
        FROM json_each(${shards}) ORDER BY value`);
      return rows.map(({ at }) => at);
    },

    async atWorkSince(shard, nowMs) {
      const noted = await db.select().from(timekeepers).where(eq(timekeepers.shard, shard)).get();
      // A time that is ahead was noted by a clock that was.
      const isUnbroken =
        noted && Math.abs(nowMs - noted.seenAt) <= SCHEDULE_PROMPT_MS && noted.since <= nowMs;
      return isUnbroken ? noted.since : nowMs;
    },

    async noteWork(shard, since, seenAt) {
      await db
        .insert(timekeepers)
        .values({ shard, since, seenAt })
        .onConflictDoUpdate({ target: timekeepers.shard, set: { since, seenAt } });
    },

    async armed(shard, throughMs, limit, passedOver = 0) {
      const rows = await db
        .select()
        .from(firings)
        .where(sql`outcome = 'armed' AND shard = ${shard} AND start_at <= ${throughMs}`)
        .orderBy(sql`start_at, org_id, job, schedule, due_at`)
        .limit(limit)
        .offset(passedOver);
      return rows.map(armedFromRow);
    },

    async armedOf(key, fromDueMs, throughMs, limit) {
      const rows = await db
        .select()
        .from(firings)
        .where(
          sql`${isOfSchedule(key)} AND due_at BETWEEN ${fromDueMs} AND ${throughMs} AND outcome = 'armed' AND trigger = 'rule'
            AND start_at <= ${throughMs}`,
        )
        .orderBy(sql`due_at`)
        .limit(limit);
      return rows.map(armedFromRow);
    },

    async finish(key, ends, at) {
      if (ends.length === 0) return;
      const inQueue = sql`t.org_id = ${key.orgId} AND t.queue = ${scheduleQueue(key.job, key.name)}`;
      const inTheWay = sql`coalesce((SELECT t.run_id FROM queue_tickets t WHERE ${inQueue} AND t.held = 1 LIMIT 1),
        (SELECT t.run_id FROM queue_tickets t WHERE ${inQueue} AND t.held = 0 ORDER BY t.rank, t.run_id LIMIT 1))`;
      await db.run(sql`UPDATE firings SET outcome = e.value ->> 'outcome', why = e.value ->> 'why', decided_at = ${at},
          blocked_by = CASE WHEN e.value ->> 'outcome' = 'skipped' THEN ${inTheWay} END
        FROM json_each(${JSON.stringify(ends)}) e WHERE firings.org_id = ${key.orgId} AND firings.job = ${key.job}
          AND firings.schedule = ${key.name} AND firings.due_at = e.value ->> 'dueAt' AND firings.span = 0
          AND firings.outcome = 'armed'`);
    },

    async drop(key, dueTimes) {
      if (dueTimes.length === 0) return;
      await db
        .delete(firings)
        .where(
          sql`${isOfSchedule(key)} AND due_at IN (SELECT value FROM json_each(${JSON.stringify(dueTimes)})) AND span = 0 AND outcome = 'armed'`,
        );
    },

    async putOff(key, dueAt, startAt) {
      await db
        .update(firings)
        .set({ startAt })
        .where(sql`${isOfSchedule(key)} AND due_at = ${dueAt} AND span = 0 AND outcome = 'armed'`);
    },

    async ahead(key, fromDueMs, nowMs) {
      const rows = await db
        .select({ runId: firings.runId })
        .from(firings)
        .where(
          sql`${isOfSchedule(key)} AND due_at >= ${fromDueMs} AND start_at > ${nowMs} AND run_id IS NOT NULL`,
        );
      return rows.flatMap(({ runId }) => runId ?? []);
    },
  };
}

function armedFromRow(row: typeof firings.$inferSelect): ArmedRow {
  const { orgId, job, schedule: name, dueAt, startAt, trigger } = row;
  const how = { outcome: "armed" as const, trigger: trigger as FiringTrigger };
  return { orgId, job, name, dueAt, startAt: startAt ?? dueAt, ...how };
}

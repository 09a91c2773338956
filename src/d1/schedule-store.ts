/**
 * Schedules and their ledger on D1. A schedule's `revision` and place are the lock of whoever decides its due times, and the ledger's
 * key, one for each due time, is that of all who fire them.
 */

import { and, eq, getTableColumns, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { FIRINGS_SCAN_MAX, SCHEDULE_PROMPT_MS, TIMEKEEPER_SHARDS } from "../core/limits.ts";
import type { Reason, RunStatus } from "../core/run.ts";
import type { FiringOutcome, PassedFiring } from "../core/schedule/schedule.ts";
import { type ScheduleKey, type ScheduleSpec, shardOf } from "../core/schedule/spec.ts";
import type { Ticket } from "../core/ticket.ts";
import { scheduleQueue } from "../core/turn.ts";
import type {
  ArmedRow,
  Decided,
  Firing,
  FiringTrigger,
  Pauser,
  ScheduleStore,
  StoredSchedule,
} from "../flow/ports/schedules.ts";
import { PAUSED_BY, settlePauses, withPause } from "./schedule-sync.ts";
import { firings, schedules, timekeepers } from "./schema.ts";

type ScheduleRow = typeof schedules.$inferSelect;
type FiringRow = typeof firings.$inferSelect;

/** A store of schedules on a D1 database that has the migrations. */
export function d1Schedules(database: D1Database): ScheduleStore {
  const db = drizzle(database);
  const isSchedule = ({ orgId, job, name }: ScheduleKey) =>
    and(eq(schedules.orgId, orgId), eq(schedules.job, job), eq(schedules.name, name));
  const isOf = ({ orgId, job, name }: ScheduleKey): SQL =>
    sql`org_id = ${orgId} AND job = ${job} AND schedule = ${name}`;
  const selected = (where: SQL | undefined, order: SQL, limit: number) =>
    db.select().from(schedules).where(where).orderBy(order).limit(limit);
  // Of the run not its spec, which can be large.
  const withRuns = () =>
    db
      .select({
        ...getTableColumns(firings),
        run: sql<string | null>`(SELECT json_array(r.status, r.reason, r.cancel_requested_at, json(r.tickets),
          (SELECT min(a.started_at) FROM attempts a WHERE a.run_id = r.id)) FROM runs r
          WHERE r.id = firings.run_id)`,
      })
      .from(firings);
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
          sql`${isOf(key)} AND due_at BETWEEN ${fromDueMs} AND ${throughMs} AND outcome = 'armed' AND trigger = 'rule'
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
          sql`${isOf(key)} AND due_at IN (SELECT value FROM json_each(${JSON.stringify(dueTimes)})) AND span = 0 AND outcome = 'armed'`,
        );
    },

    async putOff(key, dueAt, startAt) {
      await db
        .update(firings)
        .set({ startAt })
        .where(sql`${isOf(key)} AND due_at = ${dueAt} AND span = 0 AND outcome = 'armed'`);
    },

    async ahead(key, fromDueMs, nowMs) {
      const rows = await db
        .select({ runId: firings.runId })
        .from(firings)
        .where(sql`${isOf(key)} AND due_at >= ${fromDueMs} AND start_at > ${nowMs} AND run_id IS NOT NULL`);
      return rows.flatMap(({ runId }) => runId ?? []);
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

    async arm(key, dueTimes, startAt, trigger, orderKey = null) {
      const isFirst =
        orderKey === null
          ? sql`true`
          : sql`NOT EXISTS (SELECT 1 FROM firings o WHERE o.org_id = ${key.orgId} AND o.order_key = ${orderKey})`;
      const { meta } =
        await db.run(sql`INSERT INTO firings (org_id, job, schedule, due_at, span, outcome, start_at, shard,
          through_at, count, is_count_exact, trigger, run_id, why, decided_at, order_key)
        SELECT ${key.orgId}, ${key.job}, ${key.name}, value, 0, 'armed', ${startAt}, ${shardOf(key)}, value, 1, 1, ${trigger},
          NULL, NULL, ${startAt}, ${orderKey} FROM json_each(${JSON.stringify(dueTimes)}) WHERE ${isFirst}
        ON CONFLICT (org_id, job, schedule, due_at, span) DO UPDATE SET outcome = 'armed', start_at = excluded.start_at,
          trigger = excluded.trigger, why = NULL, decided_at = excluded.decided_at, blocked_by = NULL,
          order_key = coalesce(excluded.order_key, firings.order_key)
        WHERE firings.run_id IS NULL AND firings.outcome <> 'armed' AND (excluded.order_key IS NULL OR firings.order_key IS NULL)`);
      return meta.changes;
    },

    async ordered(orgId, orderKey) {
      const row = await withRuns().where(sql`org_id = ${orgId} AND order_key = ${orderKey}`).get();
      return row ? firingFromRow(row) : null;
    },

    async taken(key, fromMs, throughMs) {
      const rows = await db
        .select({ dueAt: firings.dueAt })
        .from(firings)
        .where(
          sql`${isOf(key)} AND due_at BETWEEN ${fromMs} AND ${throughMs} AND span = 0 AND (run_id IS NOT NULL OR outcome = 'armed')`,
        );
      return rows.map(({ dueAt }) => dueAt);
    },

    async firing(key, dueAt) {
      const row = await withRuns()
        .where(sql`${isOf(key)} AND due_at = ${dueAt} AND span = 0`)
        .get();
      return row ? firingFromRow(row) : null;
    },

    async firings(key, { outcome, before, limit }) {
      const isBefore =
        before === null ? sql`true` : sql`(due_at, span) < (${before.dueAt}, ${before.isOfSeveral ? 1 : 0})`;
      const looked = outcome === null ? limit + 1 : FIRINGS_SCAN_MAX;
      const rows = await withRuns()
        .where(sql`${isOf(key)} AND ${isBefore}`)
        .orderBy(sql`due_at DESC, span DESC`)
        .limit(looked);
      const found = rows.filter((row) => outcome === null || row.outcome === outcome);
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : rows.length === looked ? rows.at(-1) : undefined;
      const nextBefore = last === undefined ? null : { dueAt: last.dueAt, isOfSeveral: last.span === 1 };
      return { firings: page.map(firingFromRow), nextBefore };
    },

    async ledgers(after, limit) {
      // A jump from one to the next in the key, however long they are.
      const next = (key: SQL) => sql`(SELECT json_array(org_id, job, schedule) FROM firings
        WHERE (org_id, job, schedule) > (${key} ->> 0, ${key} ->> 1, ${key} ->> 2) ORDER BY org_id, job, schedule LIMIT 1)`;
      const first = JSON.stringify(after === null ? ["", "", ""] : [after.orgId, after.job, after.name]);
      const rows = await db.all<{ key: string }>(sql`WITH RECURSIVE ledgers(key) AS (
          SELECT ${next(sql`${first}`)} UNION ALL SELECT ${next(sql`ledgers.key`)} FROM ledgers WHERE ledgers.key IS NOT NULL LIMIT ${limit}
        ) SELECT key FROM ledgers WHERE key IS NOT NULL`);
      return rows.map(({ key }) => {
        const [orgId, job, name] = JSON.parse(key) as [string, string, string];
        return { orgId, job, name };
      });
    },

    async forget(ledgers, beforeMs, limit) {
      const keys = JSON.stringify(ledgers.map(({ orgId, job, name }) => [orgId, job, name]));
      const isLast = sql`NOT EXISTS (SELECT 1 FROM firings n WHERE n.org_id = f.org_id AND n.job = f.job AND n.schedule = f.schedule
        AND n.due_at > f.due_at)`;
      const isThere = sql`EXISTS (SELECT 1 FROM schedules s WHERE s.org_id = f.org_id AND s.job = f.job AND s.name = f.schedule)`;
      const { meta } = await db.run(sql`DELETE FROM firings WHERE (org_id, job, schedule, due_at, span) IN (
        SELECT f.org_id, f.job, f.schedule, f.due_at, f.span FROM json_each(${keys}) l CROSS JOIN firings f
          ON f.org_id = l.value ->> 0 AND f.job = l.value ->> 1 AND f.schedule = l.value ->> 2 AND f.due_at < ${beforeMs}
        WHERE f.through_at < ${beforeMs} AND f.decided_at < ${beforeMs} AND f.outcome <> 'armed' AND NOT (${isLast} AND ${isThere}) LIMIT ${limit})`);
      return meta.changes;
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

function armedFromRow(row: FiringRow): ArmedRow {
  const { orgId, job, schedule: name, dueAt, startAt, trigger } = row;
  const how = { outcome: "armed" as const, trigger: trigger as FiringTrigger };
  return { orgId, job, name, dueAt, startAt: startAt ?? dueAt, ...how };
}

function firingFromRow(row: FiringRow & { run: string | null }): Firing {
  const { schedule: name, span: _span, shard: _shard, outcome, trigger, run, ...same } = row;
  const [status, reason, cancelRequestedAt, tickets, startedAt = null] = JSON.parse(run ?? "[]") as [
    RunStatus,
    Reason | null,
    number | null,
    Ticket[] | null,
    number | null,
  ];
  return {
    ...same,
    name,
    outcome: outcome as FiringOutcome,
    trigger: trigger as FiringTrigger,
    run: run === null ? null : { status, reason, cancelRequestedAt, tickets: tickets ?? [], startedAt },
  };
}

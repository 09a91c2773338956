/** The ledger on D1: what became of each due time, for whoever asks, and what is armed in it by hand. Its key makes each due time one row. */

import { getTableColumns, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { FIRINGS_SCAN_MAX } from "../core/limits.ts";
import type { Reason, RunStatus } from "../core/run.ts";
import type { FiringOutcome } from "../core/schedule/schedule.ts";
import { shardOf } from "../core/schedule/spec.ts";
import type { Ticket } from "../core/ticket.ts";
import type { Firing, FiringLedger, FiringTrigger } from "../flow/ports/schedules.ts";
import { isOfSchedule } from "./firings.ts";
import { ledgersIn } from "./ledgers.ts";
import { firings } from "./schema.ts";

export function d1FiringLedger(database: D1Database): FiringLedger {
  const db = drizzle(database);
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
          sql`${isOfSchedule(key)} AND due_at BETWEEN ${fromMs} AND ${throughMs} AND span = 0 AND (run_id IS NOT NULL OR outcome = 'armed')`,
        );
      return rows.map(({ dueAt }) => dueAt);
    },

    async firing(key, dueAt) {
      const row = await withRuns()
        .where(sql`${isOfSchedule(key)} AND due_at = ${dueAt} AND span = 0`)
        .get();
      return row ? firingFromRow(row) : null;
    },

    async firings(key, { outcome, before, limit }) {
      const isBefore =
        before === null ? sql`true` : sql`(due_at, span) < (${before.dueAt}, ${before.isOfSeveral ? 1 : 0})`;
      const looked = outcome === null ? limit + 1 : FIRINGS_SCAN_MAX;
      const rows = await withRuns()
        .where(sql`${isOfSchedule(key)} AND ${isBefore}`)
        .orderBy(sql`due_at DESC, span DESC`)
        .limit(looked);
      const found = rows.filter((row) => outcome === null || row.outcome === outcome);
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : rows.length === looked ? rows.at(-1) : undefined;
      const nextBefore = last === undefined ? null : { dueAt: last.dueAt, isOfSeveral: last.span === 1 };
      return { firings: page.map(firingFromRow), nextBefore };
    },

    ledgers: (after, limit) => ledgersIn(db, { table: "firings", name: "schedule" }, after, limit),

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

function firingFromRow(row: typeof firings.$inferSelect & { run: string | null }): Firing {
  const {
    schedule: name,
    span: _span,
    shard: _shard,
    orderKey: _orderKey,
    outcome,
    trigger,
    run,
    ...same
  } = row;
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

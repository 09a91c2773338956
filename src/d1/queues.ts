/**
 * Queues in SQL: tickets change with the events of their run, in the same batch, and a slot is taken only where the queue has
 * room and nobody is before the run in its line. What may not be makes a NULL of a key's column, which ends the whole batch.
 */

import { and, eq, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { PLACE_MAX_COUNTED, SWEEP_MAX_LEFT } from "../core/limits.ts";
import type { Run } from "../core/run.ts";
import type { Ticket } from "../core/ticket.ts";
import { ORGANIZATION_QUEUE, rankOf } from "../core/turn.ts";
import type { QueueHeads } from "../flow/ports.ts";
import { queueTickets } from "./schema.ts";

type Db = DrizzleD1Database;

/** More slots than there can be runs: the organization without a limit. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/** What makes of the tickets that a run had those that it has. */
export function changedTickets(db: Db, before: Ticket[], run: Run): BatchItem<"sqlite">[] {
  const after = run.tickets;
  if (before === after) return [];
  const given = before.filter(({ queue }) => !after.some((ticket) => ticket.queue === queue));
  return [
    ...given.map((ticket) => db.delete(queueTickets).where(isTicket(run, ticket))),
    ...after.flatMap((ticket): BatchItem<"sqlite">[] => {
      const earlier = before.find(({ queue }) => queue === ticket.queue);
      if (earlier?.held === ticket.held) return [];
      if (earlier !== undefined)
        return [
          db
            .update(queueTickets)
            .set({ held: unlessRefused(run, ticket, sql`1`), slots: ticket.limit })
            .where(isTicket(run, earlier)),
        ];
      const row = {
        orgId: run.orgId,
        queue: ticket.queue,
        held: ticket.held ? 1 : 0,
        rank: rankOf(run),
        slots: ticket.limit,
      };
      const runId = ticket.held ? unlessRefused(run, ticket, sql`${run.id}`) : run.id;
      return [db.insert(queueTickets).values({ ...row, runId })];
    }),
  ];
}

/** The value, or NULL where the queue has no room for the run or another is before it. */
function unlessRefused(run: Run, { queue, limit }: Ticket, value: SQL): SQL {
  const inQueue = sql`q.org_id = ${run.orgId} AND q.queue = ${queue}`;
  const isFull = sql`(SELECT count(*) FROM queue_tickets q WHERE ${inQueue} AND q.held = 1) >= ${limit}`;
  const isBehind = sql`EXISTS (SELECT 1 FROM queue_tickets q WHERE ${inQueue} AND q.held = 0 AND (q.rank, q.run_id) < (${rankOf(run)}, ${run.id}))`;
  return sql`CASE WHEN ${isFull} OR ${isBehind} THEN NULL ELSE ${value} END`;
}

function isTicket(run: Run, { queue, held }: Ticket) {
  return and(
    eq(queueTickets.orgId, run.orgId),
    eq(queueTickets.queue, queue),
    eq(queueTickets.held, held ? 1 : 0),
    eq(queueTickets.rank, rankOf(run)),
    eq(queueTickets.runId, run.id),
  );
}

/**
 * The head of the line of a queue, where there is room for it. The queue is given as SQL; where it is a column it is that of
 * the statement around this one.
 */
function headWithRoom(orgId: string, queue: SQL, organizationLimit: number | null): SQL {
  const slots = sql`CASE ${queue} WHEN ${ORGANIZATION_QUEUE} THEN ${organizationLimit ?? NO_LIMIT} ELSE head.slots END`;
  return sql`SELECT head.run_id FROM (
      SELECT t.run_id, t.slots FROM queue_tickets t WHERE t.org_id = ${orgId} AND t.queue = ${queue} AND t.held = 0
      ORDER BY t.rank, t.run_id LIMIT 1
    ) head WHERE (SELECT count(*) FROM queue_tickets s WHERE s.org_id = ${orgId} AND s.queue = ${queue} AND s.held = 1) < ${slots}`;
}

export async function nextInQueue(
  db: Db,
  orgId: string,
  queue: string,
  organizationLimit: number | null,
): Promise<string | null> {
  const rows = await db.all<{ run_id: string }>(headWithRoom(orgId, sql`${queue}`, organizationLimit));
  return rows[0]?.run_id ?? null;
}

/** The first queues after one by name: a jump from one to the next in the key, so that what is read grows with the queues and not with who waits in them. */
function queuesAfter(orgId: string, afterQueue: string, limit: number): SQL {
  const next = (after: SQL) =>
    sql`(SELECT n.queue FROM queue_tickets n WHERE n.org_id = ${orgId} AND n.queue > ${after} ORDER BY n.queue LIMIT 1)`;
  return sql`queues(queue) AS (
      SELECT ${next(sql`${afterQueue}`)}
      UNION ALL
      SELECT ${next(sql`queues.queue`)} FROM queues WHERE queues.queue IS NOT NULL
      LIMIT ${limit}
    )`;
}

export async function queueHeads(
  db: Db,
  orgId: string,
  afterQueue: string,
  limit: number,
  organizationLimit: number | null,
): Promise<QueueHeads> {
  const rows = await db.all<{ queue: string; head: string | null }>(sql`
    WITH RECURSIVE ${queuesAfter(orgId, afterQueue, limit)}
    SELECT queues.queue AS queue, (${headWithRoom(orgId, sql`queues.queue`, organizationLimit)}) AS head
    FROM queues WHERE queues.queue IS NOT NULL`);
  return {
    runIds: rows.flatMap(({ head }) => head ?? []),
    nextAfter: rows.length === limit ? (rows.at(-1)?.queue ?? null) : null,
  };
}

/** Of each queue those who hold a slot and the head of the line are looked at: nobody else holds anybody up. */
export async function dropLeftTickets(
  db: Db,
  orgId: string,
  afterQueue: string,
  limit: number,
): Promise<number> {
  const head = (column: "rank" | "run_id") =>
    sql`SELECT h.${sql.raw(column)} FROM queue_tickets h WHERE h.org_id = ${orgId} AND h.queue = queues.queue AND h.held = 0
      ORDER BY h.rank, h.run_id LIMIT 1`;
  // A cross join is taken in the order written: queue by queue, and not all tickets of the organization.
  const left = await db.all<{ queue: string; held: number; rank: number; runId: string }>(sql`
    WITH RECURSIVE ${queuesAfter(orgId, afterQueue, limit)},
    concerned(queue, held, rank, run_id) AS (
      SELECT t.queue, 1, t.rank, t.run_id FROM queues
      CROSS JOIN queue_tickets t ON t.org_id = ${orgId} AND t.queue = queues.queue AND t.held = 1
      UNION ALL
      SELECT queues.queue, 0, (${head("rank")}), (${head("run_id")}) FROM queues
    )
    SELECT c.queue AS queue, c.held AS held, c.rank AS rank, c.run_id AS "runId"
    FROM concerned c LEFT JOIN runs r ON r.id = c.run_id
    WHERE c.run_id IS NOT NULL AND (r.id IS NULL OR r.open = 0) LIMIT ${SWEEP_MAX_LEFT}`);
  if (left.length === 0) return 0;
  // Nothing opens a run again, so what is left now is left for good.
  await db.run(sql`DELETE FROM queue_tickets WHERE org_id = ${orgId} AND (queue, held, rank, run_id) IN (
    SELECT value ->> 'queue', value ->> 'held', value ->> 'rank', value ->> 'runId' FROM json_each(${JSON.stringify(left)}))`);
  return left.length;
}

export async function placeInQueue(
  db: Db,
  run: Run,
  queue: string,
): Promise<{ ahead: number; held: number }> {
  const inQueue = sql`org_id = ${run.orgId} AND queue = ${queue}`;
  const [row] = await db.all<{ ahead: number; held: number }>(sql`SELECT
    (SELECT count(*) FROM (SELECT 1 FROM queue_tickets WHERE ${inQueue} AND held = 0
      AND (rank, run_id) < (${rankOf(run)}, ${run.id}) LIMIT ${PLACE_MAX_COUNTED})) AS ahead,
    (SELECT count(*) FROM queue_tickets WHERE ${inQueue} AND held = 1) AS held`);
  return row ?? { ahead: 0, held: 0 };
}

export async function olderInQueue(
  db: Db,
  run: Run,
  queue: string,
  spared: number,
  limit: number,
): Promise<string[]> {
  const rows = await db.all<{
    run_id: string;
  }>(sql`SELECT t.run_id FROM queue_tickets t JOIN runs r ON r.id = t.run_id
    WHERE t.org_id = ${run.orgId} AND t.queue = ${queue} AND t.run_id < ${run.id}
      AND r.cancel_requested_at IS NULL AND r.settled_at IS NULL
    ORDER BY t.run_id DESC LIMIT ${limit} OFFSET ${spared}`);
  return rows.map(({ run_id }) => run_id);
}

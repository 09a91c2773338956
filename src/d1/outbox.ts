/**
 * The outbox on D1: facts that triggers noted in the batches that recorded them (`outbox_…` in the migrations). So no writer can forget
 * one, and what nobody wants to hear of is no row.
 */

import { sql } from "drizzle-orm";
import type { AlertType } from "../core/alert/alert.ts";
import type { RunUpstream } from "../core/chain/upstream.ts";
import { messageOf } from "../core/error.ts";
import type { RunDelivery } from "../core/hook/run-delivery.ts";
import {
  ALERTS,
  type Fact,
  type OutboxRow,
  type ToldRun,
  type ToldRunEvent,
} from "../core/notification/fact.ts";
import { alertOf } from "./alert-store.ts";

/** What a batch's statement returns, so that whoever stores a run's facts knows whether somebody is to be told. It costs no row where nobody is. */
export function isHeard(runId: string) {
  return { isHeard: sql<number>`EXISTS (SELECT 1 FROM outbox WHERE source = ${runId})` };
}

/** Whether a statement of a batch with {@link isHeard} said so. */
export function saidHeard(results: unknown[]): boolean {
  return results.some(
    (rows) => Array.isArray(rows) && rows.some((row: { isHeard?: number }) => row.isHeard === 1),
  );
}

interface Row {
  source: string;
  seq: number;
  org_id: string;
  /** Of a run's event. */
  event_type: string | null;
  event_at: number;
  data: string;
  id: string | null;
  accepted_at: number;
  origin_id: string | null;
  job_name: string | null;
  job_version: number | null;
  firing: string | null;
  delivery: string | null;
  upstream: string | null;
  name: string | null;
  tags: string | null;
  image: string;
  started_at: number | null;
  /** Of an alert. */
  alert_type: string | null;
  alert_job: string;
  schedule: string;
  due_at: number;
  alert_at: number;
  run_id: string | null;
  detail: string;
}

/** Rows after one of them, with what they tell of. Of a run's spec only what is told is read: it can be large. */
export async function readOutbox(
  database: D1Database,
  after: Pick<OutboxRow, "source" | "seq"> | null,
  limit: number,
): Promise<OutboxRow[]> {
  const { results } = await database
    .prepare(
      `SELECT o.source, o.seq, o.org_id, e.type AS event_type, e.at AS event_at, e.data, r.id, r.accepted_at, r.origin_id, r.job_name,
         r.job_version, r.firing, r.delivery, r.upstream, r.spec ->> '$.name' AS name, r.spec -> '$.tags' AS tags, r.spec ->> '$.image' AS image,
         (SELECT t.started_at FROM attempts t WHERE t.run_id = e.run_id AND e.type IN ('attempt_failed', 'settled')
            AND t.number = coalesce(e.data ->> '$.attempt', t.number) ORDER BY t.number DESC LIMIT 1) AS started_at,
         a.type AS alert_type, a.job AS alert_job, a.schedule, a.due_at, a.at AS alert_at, a.run_id, a.detail
       FROM (SELECT * FROM outbox WHERE (source, seq) > (?1, ?2) ORDER BY source, seq LIMIT ?3) o
       LEFT JOIN run_events e ON e.run_id = o.source AND e.seq = o.seq
       LEFT JOIN runs r ON r.id = e.run_id
       LEFT JOIN alerts a ON o.source = '${ALERTS}' AND a.seq = o.seq
       ORDER BY o.source, o.seq`,
    )
    .bind(after?.source ?? "", after?.seq ?? 0, limit)
    .all<Row>();
  return results.map((row) => {
    const [place, at] = [
      { source: row.source, seq: row.seq, orgId: row.org_id },
      row.event_at ?? row.alert_at ?? 0,
    ];
    try {
      return { ...place, at, fact: factOf(row), unreadable: null };
    } catch (error) {
      return { ...place, at, fact: null, unreadable: messageOf(error) };
    }
  });
}

function factOf(row: Row): Fact | null {
  if (row.alert_type !== null) {
    const { alert_type, alert_job, schedule, due_at, alert_at, run_id, detail } = row;
    const type = alert_type as AlertType;
    const whose = alertOf(alert_type, alert_job, schedule);
    return { kind: "alert", alert: { type, ...whose, dueAt: due_at, at: alert_at, runId: run_id, detail } };
  }
  if (row.id === null || row.event_type === null) return null;
  const event = { type: row.event_type, at: row.event_at, ...JSON.parse(row.data) } as ToldRunEvent;
  return { kind: "run", run: runOf(row, row.id), event };
}

function runOf(row: Row, id: string): ToldRun {
  const { job_name, job_version, firing, delivery, upstream } = row;
  const fired = firing === null ? null : (JSON.parse(firing) as ToldRun["firing"]);
  return {
    id,
    orgId: row.org_id,
    acceptedAt: row.accepted_at,
    originId: row.origin_id,
    name: row.name,
    tags: JSON.parse(row.tags ?? "{}"),
    image: row.image,
    job: job_name === null || job_version === null ? null : { name: job_name, version: job_version },
    firing: fired && { schedule: fired.schedule, dueAt: fired.dueAt },
    delivery: delivery === null ? null : (JSON.parse(delivery) as RunDelivery),
    upstream: upstream === null ? null : (JSON.parse(upstream) as RunUpstream),
    startedAt: row.started_at,
  };
}

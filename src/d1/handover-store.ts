/** The store of handovers on D1: what is due of them, what they came to, and the alerts of those that nobody meant. */

import type { HandoverVerdict } from "../core/chain/handover.ts";
import { rootOf } from "../core/chain/upstream.ts";
import { firstRunIdAt } from "../core/id.ts";
import { CHAIN_ALERT_EVERY_MS, CHAIN_RUNS_MAX } from "../core/limits.ts";
import type { FinalStatus, Reason, RunStatus } from "../core/run.ts";
import type { HandoverStore } from "../flow/ports/handovers.ts";

interface DueRow {
  root_run_id: string;
  upstream_run_id: string;
  job: string;
  org_id: string;
  ended_at: number;
  tries: number;
  started: number;
  job_name: string;
  status: FinalStatus;
  reason: Reason | null;
  exit: string | null;
  delivery: string | null;
  upstream: string | null;
}

interface ShownRow {
  job: string;
  verdict: HandoverVerdict;
  detail: string | null;
  decided_at: number | null;
  run_id: string | null;
  status: RunStatus | null;
  reason: Reason | null;
}

const IS_IT =
  "root_run_id = ?1 AND upstream_run_id = ?2 AND job = ?3 AND org_id = ?4 AND verdict = 'waiting'";

/** A store of handovers on a D1 database that has the migrations. */
export function d1Handovers(database: D1Database): HandoverStore {
  const prepared = (query: string, ...values: unknown[]) => database.prepare(query).bind(...values);
  return {
    async due(throughMs, limit) {
      const { results } = await prepared(
        `SELECT h.root_run_id, h.upstream_run_id, h.job, h.org_id, h.ended_at, h.tries, r.job_name, r.status, r.reason, r.exit, r.delivery,
           r.upstream, (SELECT count(*) FROM (SELECT 1 FROM handovers c WHERE c.root_run_id = h.root_run_id AND c.run_id IS NOT NULL
             LIMIT ${CHAIN_RUNS_MAX})) AS started
         FROM (SELECT * FROM handovers WHERE next_at <= ?1 ORDER BY next_at LIMIT ?2) h JOIN runs r ON r.id = h.upstream_run_id
         ORDER BY h.next_at, h.upstream_run_id, h.job`,
        ...[throughMs, limit],
      ).all<DueRow>();
      return results.map((row) => ({
        orgId: row.org_id,
        rootId: row.root_run_id,
        upstreamRunId: row.upstream_run_id,
        job: row.job,
        endedAt: row.ended_at,
        tries: row.tries,
        started: row.started,
        ended: {
          id: row.upstream_run_id,
          job: row.job_name,
          status: row.status,
          reason: row.reason,
          exit: parsed(row.exit),
          delivery: parsed(row.delivery),
          upstream: parsed(row.upstream),
        },
      }));
    },

    async nextDueAt() {
      const row = await database
        .prepare("SELECT min(next_at) AS at FROM handovers WHERE next_at IS NOT NULL")
        .first<{ at: number | null }>();
      return row?.at ?? null;
    },

    async putOff({ rootId, upstreamRunId, job, orgId }, tries, nextAt, detail) {
      await prepared(
        `UPDATE handovers SET tries = ?5, next_at = ?6, detail = ?7 WHERE ${IS_IT}`,
        ...[rootId, upstreamRunId, job, orgId, tries, nextAt, detail],
      ).run();
    },

    async end({ rootId, upstreamRunId, job, orgId }, { verdict, detail }, at, alarm) {
      const ended = prepared(
        `UPDATE handovers SET verdict = ?5, detail = ?6, decided_at = ?7, next_at = NULL WHERE ${IS_IT}`,
        ...[rootId, upstreamRunId, job, orgId, verdict, detail, at],
      );
      if (alarm === null) await ended.run();
      else
        await database.batch([
          ended,
          prepared(
            `INSERT INTO alerts (org_id, type, job, schedule, due_at, at, run_id, detail)
             SELECT ?1, 'chain_stopped', ?2, ?3, ?4, ?4, ?5, ?6 WHERE changes() > 0 AND NOT EXISTS (SELECT 1 FROM alerts a
               WHERE a.org_id = ?1 AND a.job = ?2 AND a.schedule = ?3 AND a.type = 'chain_stopped' AND a.due_at > ?7)`,
            ...[orgId, job, alarm.upstreamJob, at, upstreamRunId, alarm.detail, at - CHAIN_ALERT_EVERY_MS],
          ),
        ]);
    },

    async ofRun(run, limit) {
      const { results } = await prepared(
        `SELECT h.job, h.verdict, h.detail, h.decided_at, h.run_id, r.status, r.reason FROM handovers h LEFT JOIN runs r ON r.id = h.run_id
         WHERE h.root_run_id = ? AND h.upstream_run_id = ? ORDER BY h.job LIMIT ?`,
        ...[rootOf(run), run.id, limit],
      ).all<ShownRow>();
      return results.map(({ job, verdict, detail, decided_at: decidedAt, run_id: id, status, reason }) => ({
        job,
        verdict,
        detail,
        decidedAt,
        run: id === null || status === null ? null : { id, status, reason },
      }));
    },

    async forget(beforeMs, limit) {
      const { meta } = await prepared(
        `DELETE FROM handovers WHERE (root_run_id, upstream_run_id, job) IN (SELECT root_run_id, upstream_run_id, job FROM handovers
           WHERE root_run_id < ?1 AND decided_at < ?2 LIMIT ?3)`,
        ...[firstRunIdAt(beforeMs), beforeMs, limit],
      ).run();
      return meta.changes;
    },
  };
}

function parsed<T>(json: string | null): T | null {
  return json === null ? null : (JSON.parse(json) as T);
}

/** What is asked of the notifications that are reports on commits before one of them is sent, and how those of a hook fare. */

import type { HookKey } from "../core/hook/hook.ts";
import { REPORTS_LOOKED_MAX } from "../core/limits.ts";
import type { ReportLedger } from "../flow/ports/reports.ts";

/**
 * A run that was cancelled, for whatever reason, before it ran: it says nothing of its commit. One that failed without a Machine does, and one
 * that is not known any more ran, for all that is known.
 */
const neverRan = (runId: string) =>
  `EXISTS (SELECT 1 FROM runs WHERE id = ${runId} AND status = 'cancelled') AND NOT EXISTS
     (SELECT 1 FROM attempts WHERE run_id = ${runId} AND (started_at IS NOT NULL OR exited_at IS NOT NULL))`;

/**
 * Reports after one of its own line, and of newer runs; and where its run never ran those of older ones, the newest first. Lines are runs,
 * whose ids are in the order of time.
 */
const OTHERS = `SELECT * FROM (SELECT 0 AS isOlder, line, seq, id, state, payload FROM notifications
    WHERE webhook_id = ?1 AND (line, seq) > (?2, ?3) ORDER BY line, seq LIMIT ?4)
  UNION ALL SELECT * FROM (SELECT 1, line, seq, id, state, payload FROM notifications
    WHERE webhook_id = ?1 AND line < ?2 AND ${neverRan("?2")} ORDER BY line DESC, seq DESC LIMIT ?4)`;

const IS_HOOK = "org_id = ?1 AND job = ?2 AND name = ?3";
const keyOf = ({ orgId, job, name }: HookKey) => [orgId, job, name];

/** A ledger on a D1 database that has the migrations. */
export function d1Reports(database: D1Database): ReportLedger {
  const prepared = (query: string, ...values: unknown[]) => database.prepare(query).bind(...values);
  return {
    async overtakenBy({ target, line, seq }, { repository, sha, context }) {
      const isOfCommit = `payload ->> '$.data.sha' = ?5 AND payload ->> '$.data.context' = ?6
        AND payload ->> '$.data.repository.full_name' = ?7`;
      // Of an older run its last one is found, which is to be told again where it was held back, or any run after it has told something since:
      // this one, or one between them, whose own end may have been held back as this one was still to run.
      return database
        .prepare(
          `SELECT iif(isOlder AND state <> 'pending' AND (state <> 'delivered' OR EXISTS (SELECT 1 FROM notifications
             WHERE webhook_id = ?1 AND line > o.line AND line <= ?2 AND state IN ('delivered', 'given_up') AND ${isOfCommit})), id, NULL) AS retold
           FROM (SELECT * FROM (${OTHERS}) n
             WHERE ${isOfCommit} AND CASE line WHEN ?2 THEN state = 'delivered' ELSE NOT (${neverRan("n.line")}) END
             ORDER BY isOlder, line DESC, seq DESC LIMIT 1) o`,
        )
        .bind(target, line, seq, REPORTS_LOOKED_MAX, sha, context, repository.full_name)
        .first<{ retold: string | null }>();
    },

    async noteTaken(hook) {
      await prepared(`UPDATE hooks SET reports_failing_since = NULL WHERE ${IS_HOOK}`, ...keyOf(hook)).run();
    },

    async noteFailed(hook, at) {
      const row = await prepared(
        `UPDATE hooks SET reports_failing_since = coalesce(reports_failing_since, ?4) WHERE ${IS_HOOK} RETURNING reports_failing_since AS since`,
        ...[...keyOf(hook), at],
      ).first<{ since: number }>();
      return row?.since ?? null;
    },

    async alert(hook, failingSince, at, detail) {
      await prepared(
        `INSERT INTO alerts (org_id, type, job, schedule, due_at, at, run_id, detail)
         SELECT org_id, 'report_failing', job, name, ?4, ?5, NULL, ?6 FROM hooks WHERE ${IS_HOOK} AND reports_failing_since = ?4
         ON CONFLICT (org_id, job, schedule, type, due_at) DO NOTHING`,
        ...[...keyOf(hook), failingSince, at, detail],
      ).run();
    },
  };
}

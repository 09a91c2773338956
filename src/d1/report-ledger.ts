/** What is asked of the notifications that are reports on commits before one of them is sent, and how those of a hook fare. */

import type { HookKey } from "../core/hook/hook.ts";
import { REPORTS_LOOKED_MAX } from "../core/limits.ts";
import type { ReportLedger } from "../flow/ports/reports.ts";

/**
 * Reports after one of its own line, and of newer runs. Where its run was dropped before anything of it was told, those of older runs, too:
 * it was not run as another was at work, which has more to say. Lines are runs, whose ids are in the order of time.
 */
const OTHERS = `SELECT * FROM (SELECT line, state, payload FROM notifications WHERE webhook_id = ?1 AND (line, seq) > (?2, ?3)
    ORDER BY line, seq LIMIT ?4)
  UNION ALL SELECT * FROM (SELECT line, state, payload FROM notifications WHERE webhook_id = ?1 AND line < ?2
    AND EXISTS (SELECT 1 FROM runs WHERE id = ?2 AND reason = 'dropped')
    AND NOT EXISTS (SELECT 1 FROM notifications WHERE webhook_id = ?1 AND line = ?2 AND state = 'delivered')
    ORDER BY line DESC LIMIT ?4)`;

const IS_HOOK = "org_id = ?1 AND job = ?2 AND name = ?3";
const keyOf = ({ orgId, job, name }: HookKey) => [orgId, job, name];

/** A ledger on a D1 database that has the migrations. */
export function d1Reports(database: D1Database): ReportLedger {
  const prepared = (query: string, ...values: unknown[]) => database.prepare(query).bind(...values);
  return {
    async isOvertaken({ webhookId, line, seq }, { repository, sha, context }) {
      const found = await database
        .prepare(
          `SELECT 1 FROM (${OTHERS}) o LEFT JOIN runs r ON r.id = o.line
           WHERE payload ->> '$.data.sha' = ?5 AND payload ->> '$.data.context' = ?6
             AND payload ->> '$.data.repository.full_name' = ?7
             AND CASE o.line WHEN ?2 THEN o.state = 'delivered' ELSE coalesce(r.reason, '') NOT IN ('dropped', 'superseded') END LIMIT 1`,
        )
        .bind(webhookId, line, seq, REPORTS_LOOKED_MAX, sha, context, repository.full_name)
        .first();
      return found !== null;
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

/** What is asked of the notifications that are reports on commits before one of them is sent. */

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

/** A ledger on a D1 database that has the migrations. */
export function d1Reports(database: D1Database): ReportLedger {
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
  };
}

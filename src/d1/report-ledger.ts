/** What is asked of the notifications that are reports on commits before one of them is sent. */

import { REPORTS_LOOKED_MAX } from "../core/limits.ts";
import type { ReportLedger } from "../flow/ports/reports.ts";

/** A ledger on a D1 database that has the migrations. */
export function d1Reports(database: D1Database): ReportLedger {
  return {
    async isOvertaken({ webhookId, line, seq }, { repository, sha, context }) {
      // Lines are runs, whose ids are in the order of time.
      const found = await database
        .prepare(
          `SELECT 1 FROM (SELECT * FROM notifications WHERE webhook_id = ?1 AND (line, seq) > (?2, ?3) ORDER BY line, seq LIMIT ?4)
           WHERE payload ->> '$.data.sha' = ?5 AND payload ->> '$.data.context' = ?6
             AND payload ->> '$.data.repository.full_name' = ?7 AND (line > ?2 OR state = 'delivered') LIMIT 1`,
        )
        .bind(webhookId, line, seq, REPORTS_LOOKED_MAX, sha, context, repository.full_name)
        .first();
      return found !== null;
    },
  };
}

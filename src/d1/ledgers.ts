/** Which ledgers there are in a table that has one for each hook, or for each schedule, of a job. */

import { type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";

/** Whose ledger it is. */
export interface LedgerKey {
  orgId: string;
  job: string;
  /** Of the hook, or of the schedule. */
  name: string;
}

/**
 * In the order of the table's primary key, which begins with `org_id`, `job` and `name`: a jump from one to the next, however long they are.
 * @param of the table, and its column of the name; as the schema has them, and no caller's text
 */
export async function ledgersIn(
  db: DrizzleD1Database,
  of: { table: string; name: string },
  after: LedgerKey | null,
  limit: number,
): Promise<LedgerKey[]> {
  const key = sql.raw(`org_id, job, ${of.name}`);
  const next = (before: SQL) => sql`(SELECT json_array(${key}) FROM ${sql.raw(of.table)}
    WHERE (${key}) > (${before} ->> 0, ${before} ->> 1, ${before} ->> 2) ORDER BY ${key} LIMIT 1)`;
  const first = JSON.stringify(after === null ? ["", "", ""] : [after.orgId, after.job, after.name]);
  const rows = await db.all<{ key: string }>(sql`WITH RECURSIVE ledgers(key) AS (
      SELECT ${next(sql`${first}`)} UNION ALL SELECT ${next(sql`ledgers.key`)} FROM ledgers WHERE ledgers.key IS NOT NULL LIMIT ${limit}
    ) SELECT key FROM ledgers WHERE key IS NOT NULL`);
  return rows.map((row) => {
    const [orgId, job, name] = JSON.parse(row.key) as [string, string, string];
    return { orgId, job, name };
  });
}

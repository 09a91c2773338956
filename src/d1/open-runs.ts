/**
 * The runs that a sweep looks after, a page at a time: first those that wait for no time, by id, then those whose time has come, in
 * the order of their times. Each is the order of an index, so a page reads its own runs and none of the others that are due.
 */

import { type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { OpenRuns } from "../flow/ports.ts";

/** @see Store.openRuns */
export async function openRuns(
  db: DrizzleD1Database,
  after: string,
  quietSince: number,
  limit: number,
): Promise<OpenRuns> {
  const { restsUntil, id } = placeOf(after);
  // Partial indexes, which SQLite uses for literals and would not for bound values.
  const page = (time: SQL, index: SQL, where: SQL, order: SQL) =>
    sql`SELECT * FROM (SELECT ${time} AS due, id FROM runs INDEXED BY ${index}
      WHERE open = 1 AND ${where} AND updated_at < ${quietSince} ORDER BY ${order} LIMIT ${limit})`;
  const due = page(
    sql`rests_until`,
    sql`runs_due`,
    sql`rests_until IS NOT NULL AND (rests_until, id) > (${restsUntil}, ${id}) AND rests_until < ${quietSince}`,
    sql`rests_until, id`,
  );
  const waitsForNone = page(sql`-1`, sql`runs_open`, sql`rests_until IS NULL AND id > ${id}`, sql`id`);
  const rows = await db.all<{ due: number; id: string }>(
    restsUntil >= 0
      ? sql`${due} ORDER BY due, id`
      : sql`${waitsForNone} UNION ALL ${due} ORDER BY due, id LIMIT ${limit}`,
  );
  const last = rows.length < limit ? undefined : rows.at(-1);
  return {
    runIds: rows.map((row) => row.id),
    nextAfter: last === undefined ? null : last.due < 0 ? last.id : `${last.due}/${last.id}`,
  };
}

/** A run's id, behind the time that it waited for where it did. */
function placeOf(after: string): { restsUntil: number; id: string } {
  const [id = "", time = "-1"] = after.split("/").reverse();
  return { restsUntil: Number(time), id };
}

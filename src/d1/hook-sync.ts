/** What a change of a job does to its hooks, as statements of the batch that changes the job. */

import { and, eq, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { NewHook } from "../flow/ports/hooks.ts";
import { hooks } from "./schema.ts";

/**
 * Makes a job's hooks those of its definition. One that it had before by the same name keeps its URL; the ledgers of those that go stay.
 * @param isSo what must hold of the job after the change; elsewhere nothing is synced
 */
export function syncHooks(
  db: DrizzleD1Database,
  orgId: string,
  job: string,
  wanted: NewHook[],
  at: number,
  isSo: SQL = sql`true`,
): BatchItem<"sqlite">[] {
  const rows = JSON.stringify(
    wanted.map(({ id, spec }) => ({ id, name: spec.name, spec: JSON.stringify(spec) })),
  );
  const dropped = db
    .delete(hooks)
    .where(
      and(
        eq(hooks.orgId, orgId),
        eq(hooks.job, job),
        sql`name NOT IN (SELECT value ->> 'name' FROM json_each(${rows}))`,
        isSo,
      ),
    );
  if (wanted.length === 0) return [dropped];
  return [
    dropped,
    db
      .insert(hooks)
      .select(
        sql`SELECT ${orgId}, ${job}, value ->> 'name', value ->> 'id', value ->> 'spec', ${at}, ${at}, NULL, NULL FROM json_each(${rows}) WHERE ${isSo}`,
      )
      .onConflictDoUpdate({
        target: [hooks.orgId, hooks.job, hooks.name],
        set: {
          spec: sql`excluded.spec`,
          // What failed where its runs were reported says nothing of where, and with which token, they are now.
          reportsFailingSince: sql`iif(${said("hooks", "report")} IS ${said("excluded", "report")}
            AND ${said("hooks", "source")} IS ${said("excluded", "source")}, ${hooks.reportsFailingSince}, NULL)`,
        },
        setWhere: sql`${hooks.spec} <> excluded.spec`,
      }),
  ];
}

function said(row: "hooks" | "excluded", field: "report" | "source"): SQL {
  return sql.raw(`${row}.spec -> '$.${field}'`);
}

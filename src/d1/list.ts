/**
 * Lists of runs, newest first. What a list reads does not grow with the table: a filter that an index answers reads its page,
 * and any other looks through at most `LIST_SCAN_MAX_RUNS` runs of the narrowest index and says where the next call goes on.
 */

import { and, desc, eq, getTableColumns, type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { firstRunIdAt } from "../core/id.ts";
import { LIST_SCAN_MAX_RUNS } from "../core/limits.ts";
import { isFinal, RUN_STATUSES, type Run, type RunStatus } from "../core/run.ts";
import type { RunFilter, RunPage } from "../flow/ports.ts";
import { runFromRow } from "./rows.ts";
import { runs, runTags } from "./schema.ts";

/** Ids in one index's order, newest first, of which every run that fits is one. */
interface Candidates {
  query: SQL;
  /** As many as are looked at. Where there are so many, older ones may fit, too. */
  most: number;
}

/** @see Store.list */
export async function listRuns(db: DrizzleD1Database, orgId: string, filter: RunFilter): Promise<RunPage> {
  const sources = candidates(orgId, filter);
  const all = sql.join(
    sources.map(({ query }) => sql`SELECT id FROM (${query})`),
    sql` UNION `,
  );
  const ends = sql.join(
    sources.map(({ query, most }) => sql`SELECT min(id) AS id FROM (${query}) HAVING count(*) = ${most}`),
    sql` UNION ALL `,
  );
  const [rows, [end]] = await db.batch([
    db
      .select({ ...getTableColumns(runs), spec: SPEC_WITHOUT_BULK, input: NO_INPUT })
      .from(sql`(${all}) AS candidate`)
      // SQLite keeps the order of a cross join: the candidates lead.
      .crossJoin(runs)
      .where(and(sql`${runs.id} = candidate.id`, eq(runs.orgId, orgId), ...conditions(filter)))
      .orderBy(desc(runs.id))
      // One more than asked tells whether there is another page.
      .limit(filter.limit + 1),
    db.select({ id: sql<string | null>`max(id)` }).from(sql`(${ends})`),
  ]);
  const lookedUpTo = end?.id ?? "";
  const found = rows.filter(({ id }) => id >= lookedUpTo).map(runFromRow);
  const page = found.slice(0, filter.limit);
  const last = found.length > page.length ? page.at(-1)?.id : lookedUpTo;
  return { runs: page, nextBefore: last || null };
}

/** @see Store.summaries */
export async function summariesOf(db: DrizzleD1Database, orgId: string, runIds: string[]): Promise<Run[]> {
  const rows = await db
    .select({ ...getTableColumns(runs), spec: SPEC_WITHOUT_BULK, input: NO_INPUT })
    .from(runs)
    .where(
      and(sql`${runs.id} IN (SELECT value FROM json_each(${JSON.stringify(runIds)}))`, eq(runs.orgId, orgId)),
    );
  return rows.map(runFromRow);
}

/** The narrowest ways to the runs that fit. */
function candidates(orgId: string, filter: RunFilter): Candidates[] {
  const { statuses, tag, originId, job, limit } = filter;
  const byId = (exact: boolean, from: SQL, where: SQL | undefined, id: SQL = sql`id`): Candidates => {
    const most = exact ? limit + 1 : LIST_SCAN_MAX_RUNS;
    const within = and(where, ...range(filter, id));
    return {
      query: sql`SELECT ${id} AS id FROM ${from}${within ? sql` WHERE ${within}` : sql``} ORDER BY ${id} DESC LIMIT ${most}`,
      most,
    };
  };
  const isOnly = tag === null && originId === null;
  if (originId !== null) return [byId(isOnly, sql`runs`, sql`origin_id = ${originId}`)];
  if (job !== null)
    return [
      byId(
        tag === null && statuses.length === 0,
        sql`runs INDEXED BY runs_job`,
        sql`org_id = ${orgId} AND job_name = ${job}`,
      ),
    ];
  const active = statuses.filter((status) => !isFinal(status));
  if (
    statuses.length > 0 &&
    !statuses.includes("succeeded") &&
    (tag === null || active.length === statuses.length)
  )
    return [
      // Literals let SQLite use the partial indexes; bound values would not.
      ...statuses
        .filter((status) => isFinal(status))
        .map((status) =>
          byId(isOnly, sql`runs`, sql.raw(`status IN ('failed', 'cancelled') AND status = '${status}'`)),
        ),
      ...(active.length > 0
        ? ["IS NULL", "IS NOT NULL"].map((rests) =>
            byId(false, sql`runs`, sql.raw(`open = 1 AND rests_until ${rests}`)),
          )
        : []),
    ];
  if (tag !== null)
    return [
      byId(
        statuses.length === 0,
        sql`run_tags`,
        sql`org_id = ${orgId} AND key = ${tag.key} AND value = ${tag.value}`,
        sql`run_id`,
      ),
    ];
  return [byId(statuses.length === 0, sql`runs`, undefined)];
}

/** What of a filter is asked of every candidate. */
function conditions({ statuses, tag, originId, job }: RunFilter): (SQL | undefined)[] {
  return [
    statuses.length > 0 ? statusIs(statuses) : undefined,
    originId !== null ? eq(runs.originId, originId) : undefined,
    job !== null ? eq(runs.jobName, job) : undefined,
    tag !== null
      ? sql`EXISTS (SELECT 1 FROM ${runTags} WHERE ${and(
          eq(runTags.orgId, runs.orgId),
          eq(runTags.key, tag.key),
          eq(runTags.value, tag.value),
          eq(runTags.runId, runs.id),
        )})`
      : undefined,
  ];
}

function range({ sinceMs, untilMs, beforeRunId }: RunFilter, id: SQL): SQL[] {
  const from = sinceMs !== null ? [sql`${id} >= ${firstRunIdAt(sinceMs)}`] : [];
  const to = untilMs !== null ? [sql`${id} < ${firstRunIdAt(untilMs)}`] : [];
  return [...from, ...to, ...(beforeRunId !== null ? [sql`${id} < ${beforeRunId}`] : [])];
}

/** Statuses are a closed list, so they can stand in the SQL as literals. */
function statusIs(statuses: RunStatus[]): SQL {
  const known = RUN_STATUSES.filter((status) => statuses.includes(status));
  return sql`${runs.status} IN (${sql.raw(known.map((status) => `'${status}'`).join(", "))})`;
}

/** The spec of a run in a list: what can be large stays in the database. */
const SPEC_WITHOUT_BULK =
  sql`json_set(${runs.spec}, '$.files', json('[]'), '$.env', json('{}'), '$.script', null)`.mapWith(
    runs.spec,
  );
/** Of a run in a list nobody asks for its input. */
const NO_INPUT = sql<string | null>`NULL`;

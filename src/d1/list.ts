/**
 * Lists of runs, newest first. What a list reads does not grow with the table: a filter that an index answers reads its page,
 * and any other looks through at most `LIST_SCAN_MAX_RUNS` runs of the narrowest index and says where the next call goes on.
 */

import { and, desc, eq, getTableColumns, type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import { TOLD_COMMIT_CHARS, WHOLE_COMMIT_CHARS } from "../core/hook/commit.ts";
import { firstRunIdAt } from "../core/id.ts";
import { COMMITS_OF_PREFIX_MAX, LIST_SCAN_MAX_RUNS } from "../core/limits.ts";
import { isFinal, RUN_STATUSES, type Run, type RunStatus } from "../core/run.ts";
import type { RunFilter, RunPage } from "../flow/ports.ts";
import { runFromRow } from "./rows.ts";
import { runs, runTags } from "./schema.ts";

/** Ids in one index's order, newest first, of which every run that fits is one. */
interface Candidates {
  query: SQL;
  /** As many as are looked at. Where there are so many, older ones may fit, too. */
  most: number;
  /** Whether that is so of each `part` of the query by itself; absent of most. */
  isInParts?: boolean;
}

/** @see Store.list */
export async function listRuns(db: DrizzleD1Database, orgId: string, filter: RunFilter): Promise<RunPage> {
  const commits = filter.commit === null ? null : await commitsOf(db, orgId, filter.commit);
  if (commits?.length === 0) return { runs: [], nextBefore: null };
  const sources = candidates(orgId, filter, commits);
  const all = sql.join(
    sources.map(({ query }) => sql`SELECT id FROM (${query})`),
    sql` UNION `,
  );
  const ends = sql.join(
    sources.map(
      ({ query, most, isInParts }) =>
        sql`SELECT min(id) AS id FROM (${query})${isInParts ? sql` GROUP BY part` : sql``} HAVING count(*) = ${most}`,
    ),
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

/** What a run builds, as `builtChange` has it. As it stands in `runs_commit`, which is found by these words alone. */
const COMMIT = "coalesce(delivery, upstream) ->> '$.change.sha'";

/**
 * The commits that a filter means, of those that runs build: from one to the next in the index, so that it does not matter how many
 * runs each has.
 */
async function commitsOf(db: DrizzleD1Database, orgId: string, prefix: string): Promise<string[]> {
  const told = prefix.length > TOLD_COMMIT_CHARS ? [prefix.slice(0, TOLD_COMMIT_CHARS)] : [];
  if (prefix.length >= WHOLE_COMMIT_CHARS) return [prefix, ...told];
  const next = (from: SQL) => sql`SELECT min(${sql.raw(COMMIT)}) FROM runs INDEXED BY runs_commit
    WHERE org_id = ${orgId} AND ${sql.raw(COMMIT)} ${from} AND ${sql.raw(COMMIT)} < ${`${prefix}g`}`;
  const found = await db.all<{ sha: string }>(sql`WITH RECURSIVE commits (sha) AS (
      SELECT (${next(sql`>= ${prefix}`)}) UNION ALL SELECT (${next(sql`> commits.sha`)}) FROM commits WHERE commits.sha IS NOT NULL)
    SELECT sha FROM commits WHERE sha IS NOT NULL LIMIT ${COMMITS_OF_PREFIX_MAX}`);
  return [...found.map(({ sha }) => sha), ...told];
}

/**
 * The narrowest ways to the runs that fit.
 * @param commits of which a run must build one; null for any
 */
function candidates(orgId: string, filter: RunFilter, commits: string[] | null): Candidates[] {
  const { statuses, tag, originId, job, branch, limit } = filter;
  const byId = (exact: boolean, from: SQL, where: SQL | undefined, id: SQL = sql`id`): Candidates => {
    const most = exact ? limit + 1 : LIST_SCAN_MAX_RUNS;
    const within = and(where, ...range(filter, id));
    return {
      query: sql`SELECT ${id} AS id FROM ${from}${within ? sql` WHERE ${within}` : sql``} ORDER BY ${id} DESC LIMIT ${most}`,
      most,
    };
  };
  const isOnly = tag === null && branch === null;
  if (commits !== null) {
    const isExact =
      tag === null && originId === null && statuses.length === 0 && job === null && branch === null;
    const ofOne = byId(
      isExact,
      sql`runs INDEXED BY runs_commit`,
      sql`org_id = ${orgId} AND ${sql.raw(COMMIT)} = wanted.value`,
    );
    // A compound query of one for each commit would have more terms than the five that D1 takes.
    return [
      {
        query: sql`SELECT found.value AS id, wanted.value AS part FROM json_each(${JSON.stringify(commits)}) AS wanted
          CROSS JOIN json_each((SELECT json_group_array(id) FROM (${ofOne.query}))) AS found`,
        most: ofOne.most,
        isInParts: true,
      },
    ];
  }
  if (originId !== null) return [byId(false, sql`runs`, sql`origin_id = ${originId}`)];
  if (job !== null)
    return [
      byId(
        tag === null && statuses.length === 0 && branch === null,
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
        statuses.length === 0 && branch === null,
        sql`run_tags`,
        sql`org_id = ${orgId} AND key = ${tag.key} AND value = ${tag.value}`,
        sql`run_id`,
      ),
    ];
  return [byId(statuses.length === 0 && branch === null, sql`runs`, undefined)];
}

/** What of a filter is asked of every candidate. */
function conditions({ statuses, tag, originId, job, branch }: RunFilter): (SQL | undefined)[] {
  return [
    statuses.length > 0 ? statusIs(statuses) : undefined,
    originId !== null ? eq(runs.originId, originId) : undefined,
    job !== null ? eq(runs.jobName, job) : undefined,
    // As `branchOf` has it.
    branch !== null
      ? sql`${branch} = coalesce(${change("branch")}, iif(${change("pullRequest.isFork")} = 0, ${change("pullRequest.headRef")}, NULL))`
      : undefined,
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

function change(field: string): SQL {
  return sql.raw(`(coalesce(delivery, upstream) ->> '$.change.${field}')`);
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

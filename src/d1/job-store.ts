/** The store of jobs on D1. The row of a job says which version is in force, and is the lock of whoever changes it. */

import { and, asc, desc, eq, getTableColumns, isNull, lt, lte, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { watchesOf } from "../core/alert/alert.ts";
import type { JobDefinition, JobVersion, VersionChange } from "../core/job.ts";
import { JOB_VERSIONS_KEPT } from "../core/limits.ts";
import type { DefinedJob, JobStore, VersionSummary } from "../flow/ports/jobs.ts";
import { isNotAsSeen } from "./conflict.ts";
import { syncLinks } from "./handovers.ts";
import { syncHooks } from "./hook-sync.ts";
import { pauseSchedules, syncSchedules } from "./schedule-sync.ts";
import { jobs, jobVersions } from "./schema.ts";
import { syncWatches, watchAnew } from "./watch-sync.ts";

type VersionRow = typeof jobVersions.$inferSelect;

/** A store of jobs on a D1 database that has the migrations. */
export function d1Jobs(database: D1Database): JobStore {
  const db = drizzle(database);
  const isJob = (orgId: string, name: string | SQL) => and(eq(jobs.orgId, orgId), eq(jobs.name, name));
  const isThere = (orgId: string, name: string) => and(isJob(orgId, name), isNull(jobs.deletedAt));
  const isOf = (orgId: string, name: string) => and(eq(jobVersions.orgId, orgId), eq(jobVersions.name, name));
  const inForce = and(
    eq(jobVersions.orgId, jobs.orgId),
    eq(jobVersions.name, jobs.name),
    eq(jobVersions.version, jobs.version),
  );
  const defined = async (where: SQL | undefined): Promise<DefinedJob[]> => {
    const rows = await db
      .select({ job: getTableColumns(jobs), definition: jobVersions.definition })
      .from(jobs)
      .innerJoin(jobVersions, inForce)
      .where(where);
    return rows.map(({ job, definition }) => ({ job, definition: definition as JobDefinition }));
  };
  return {
    async find(orgId, name) {
      const [job] = await defined(isJob(orgId, name));
      return job ?? null;
    },

    findAll(orgId, names) {
      const wanted = sql`SELECT value FROM json_each(${JSON.stringify(names)})`;
      return defined(and(eq(jobs.orgId, orgId), sql`${jobs.name} IN (${wanted})`));
    },

    async put(orgId, name, seen, next, schedules = [], hooks = []) {
      const { version, createdAt: updatedAt } = next;
      const changed =
        seen === null
          ? db
              .insert(jobs)
              .values({ orgId, name, version, createdAt: updatedAt, updatedAt })
              .onConflictDoNothing()
              .returning()
          : db
              .update(jobs)
              .set({ version, updatedAt, deletedAt: null })
              .where(
                and(
                  isJob(orgId, name),
                  eq(jobs.version, seen.version),
                  sql`${jobs.deletedAt} IS ${seen.deletedAt}`,
                ),
              )
              .returning();
      // `changes()` is of the statement before: a job that is not as it was seen makes NULL of a key's column, which ends the batch.
      const batch = db.batch([
        changed,
        db.insert(jobVersions).select(
          sql`SELECT CASE WHEN changes() > 0 THEN ${orgId} END, ${name}, ${version}, ${JSON.stringify(next.definition)}, ${next.change.kind},
            ${next.change.kind === "rollback" ? next.change.to : null}, ${updatedAt}`,
        ),
        db
          .delete(jobVersions)
          .where(and(isOf(orgId, name), lte(jobVersions.version, version - JOB_VERSIONS_KEPT))),
        ...syncSchedules(db, orgId, name, schedules, updatedAt),
        ...syncWatches(db, orgId, name, watchesOf(next.definition, schedules), updatedAt),
        ...syncHooks(db, orgId, name, hooks, updatedAt),
        ...syncLinks(db, orgId, name, next.definition.on ?? []),
      ]);
      try {
        const [[job]] = await batch;
        return job ?? null;
      } catch (error) {
        if (isNotAsSeen(error)) return null;
        throw error;
      }
    },

    async list(orgId, after, limit) {
      const part = (field: string) =>
        sql<string | null>`json_extract(${jobVersions.definition}, ${`$.${field}`})`.as(field);
      const rows = await db
        .select({
          ...getTableColumns(jobs),
          description: part("description"),
          labels: part("labels"),
        })
        .from(
          // The literal lets SQLite use the index of those that are there; it keeps the order of a cross join.
          sql`(SELECT name AS present FROM jobs INDEXED BY jobs_present
            WHERE org_id = ${orgId} AND deleted_at IS NULL AND name > ${after} ORDER BY name LIMIT ${limit}) AS page`,
        )
        .crossJoin(jobs)
        .innerJoin(jobVersions, inForce)
        .where(isJob(orgId, sql`present`))
        .orderBy(asc(jobs.name));
      return rows.map(({ description, labels, ...job }) => ({
        ...job,
        ...(description !== null && { description }),
        ...(labels !== null && { labels: JSON.parse(labels) as Record<string, string> }),
      }));
    },

    async names(orgId, limit) {
      const rows = await db.all<{ name: string }>(sql`SELECT name FROM jobs INDEXED BY jobs_present
        WHERE org_id = ${orgId} AND deleted_at IS NULL ORDER BY name LIMIT ${limit}`);
      return rows.map(({ name }) => name);
    },

    async versions(orgId, name, before, limit) {
      const { definition: _definition, ...columns } = getTableColumns(jobVersions);
      const rows = await db
        .select(columns)
        .from(jobVersions)
        .where(and(isOf(orgId, name), lt(jobVersions.version, before)))
        .orderBy(desc(jobVersions.version))
        .limit(limit);
      return rows.map(summaryOf);
    },

    async version(orgId, name, version): Promise<JobVersion | null> {
      const row = await db
        .select()
        .from(jobVersions)
        .where(and(isOf(orgId, name), eq(jobVersions.version, version)))
        .get();
      return row ? { ...summaryOf(row), definition: row.definition as JobDefinition } : null;
    },

    async pause(orgId, name, at, now) {
      const pausedAt = at === null ? null : sql`coalesce(${jobs.pausedAt}, ${at})`;
      const [, [job]] = await db.batch([
        // Before the job's row says that it is not paused any more.
        watchAnew(db, orgId, name, at === null ? now : null),
        db.update(jobs).set({ pausedAt }).where(isThere(orgId, name)).returning(),
        ...pauseSchedules(db, orgId, name, now, at !== null),
      ]);
      return job ?? null;
    },

    async delete(orgId, name, at, expectedVersion) {
      const isExpected = expectedVersion === null ? undefined : eq(jobs.version, expectedVersion);
      const isDeleted = sql`EXISTS (SELECT 1 FROM jobs WHERE org_id = ${orgId} AND name = ${name} AND deleted_at IS NOT NULL)`;
      const [rows] = await db.batch([
        db
          .update(jobs)
          .set({ deletedAt: at, pausedAt: null })
          .where(and(isThere(orgId, name), isExpected))
          .returning({ name: jobs.name }),
        ...syncSchedules(db, orgId, name, [], at, isDeleted),
        ...syncWatches(db, orgId, name, [], at, isDeleted),
        ...syncHooks(db, orgId, name, [], at, isDeleted),
        ...syncLinks(db, orgId, name, [], isDeleted),
      ]);
      return rows.length > 0;
    },
  };
}

function summaryOf(row: Omit<VersionRow, "definition">): VersionSummary {
  const { version, changedBy, rolledBackTo, createdAt } = row;
  const change: VersionChange =
    changedBy === "rollback" && rolledBackTo !== null
      ? { kind: "rollback", to: rolledBackTo }
      : { kind: "put" };
  return { version, change, createdAt };
}

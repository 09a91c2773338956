/** Alerts on D1, and what is watched for them. The key of an alert makes it one, whoever finds it how often. */

import { and, desc, eq, gte, lt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { AlertType } from "../core/alert/alert.ts";
import type { WatchedFiring } from "../core/alert/lateness.ts";
import { HEARD_SCAN_RUNS } from "../core/limits.ts";
import type { ScheduleSpec } from "../core/schedule/spec.ts";
import type { Alert, AlertStore, Watched } from "../flow/ports/alerts.ts";
import { alerts } from "./schema.ts";

interface WatchRow {
  orgId: string;
  job: string;
  schedule: string;
  limitMs: number;
  fromAt: number;
  lookedAt: number;
  jobPausedAt: number | null;
  spec: string | null;
  decidedTo: number | null;
  pausedAt: number | null;
  resumedAt: number | null;
}

/** A store of alerts on a D1 database that has the migrations. */
export function d1Alerts(database: D1Database): AlertStore {
  const db = drizzle(database);
  return {
    async due(nowMs, lookedAfterMs, limit) {
      const rows =
        await db.all<WatchRow>(sql`SELECT w.org_id AS orgId, w.job, w.schedule, w.limit_ms AS limitMs,
          w.from_at AS fromAt, w.looked_at AS lookedAt, j.paused_at AS jobPausedAt, s.spec, s.decided_to AS decidedTo,
          s.paused_at AS pausedAt, s.resumed_at AS resumedAt
        FROM (SELECT * FROM (SELECT * FROM watches WHERE look_at <= ${nowMs} ORDER BY look_at LIMIT ${limit})
          UNION SELECT * FROM (SELECT * FROM watches WHERE looked_at > ${lookedAfterMs} LIMIT ${limit})) w
        JOIN jobs j ON j.org_id = w.org_id AND j.name = w.job
        LEFT JOIN schedules s ON s.org_id = w.org_id AND s.job = w.job AND s.name = w.schedule
        ORDER BY w.look_at LIMIT ${limit}`);
      return rows.map(watchedFromRow);
    },

    async heardAt(jobs) {
      const rows = await db.all<{ at: number | null }>(sql`SELECT (SELECT max(settled_at) FROM
          (SELECT status, settled_at FROM runs INDEXED BY runs_job WHERE org_id = e.value ->> 'orgId' AND job_name = e.value ->> 'job'
            ORDER BY id DESC LIMIT ${HEARD_SCAN_RUNS}) WHERE status = 'succeeded') AS at
        FROM json_each(${JSON.stringify(jobs.map(({ orgId, job }) => ({ orgId, job })))}) e ORDER BY e.key`);
      return rows.map(({ at }) => at);
    },

    async firings(stretches, limit) {
      return db.all<
        WatchedFiring & { stretch: number }
      >(sql`SELECT e.key AS stretch, f.due_at AS dueAt, f.outcome, f.trigger,
          f.count, f.run_id AS runId, f.why,
          (SELECT min(started_at) FROM attempts a WHERE a.run_id = f.run_id) AS startedAt
        FROM json_each(${JSON.stringify(stretches)}) e CROSS JOIN firings f
        ON f.org_id = e.value ->> 'orgId' AND f.job = e.value ->> 'job' AND f.schedule = e.value ->> 'schedule'
          AND f.due_at > e.value ->> 'after' AND f.due_at <= e.value ->> 'through'
        ORDER BY e.key, f.due_at LIMIT ${limit}`);
    },

    async record(steps, at) {
      const found = JSON.stringify(
        steps.flatMap(({ watched, looked }) =>
          looked.alerts.map((alert) => ({ ...seen(watched), ...alert })),
        ),
      );
      const places = JSON.stringify(
        steps.map(({ watched, looked: { fromAt, lookAt } }) => ({
          ...seen(watched),
          to: fromAt,
          next: lookAt,
        })),
      );
      const asSeen = (row: string) => `w.org_id = ${row}.value ->> 'o' AND w.job = ${row}.value ->> 'j'
        AND w.schedule = ${row}.value ->> 's' AND w.limit_ms = ${row}.value ->> 'l' AND w.from_at = ${row}.value ->> 'f'
        AND w.looked_at = ${row}.value ->> 'd'`;
      await database.batch([
        database
          .prepare(
            `INSERT INTO alerts (org_id, type, job, schedule, due_at, at, run_id, detail)
             SELECT w.org_id, a.value ->> 'type', w.job, w.schedule, a.value ->> 'dueAt', ?2, a.value ->> 'runId', a.value ->> 'detail'
             FROM json_each(?1) a CROSS JOIN watches w ON ${asSeen("a")} WHERE true
             ON CONFLICT (org_id, job, schedule, type, due_at) DO NOTHING`,
          )
          .bind(found, at),
        database
          .prepare(
            `UPDATE watches AS w SET from_at = p.value ->> 'to', look_at = p.value ->> 'next', looked_at = ?2
             FROM json_each(?1) p WHERE ${asSeen("p")}`,
          )
          .bind(places, at),
      ]);
    },

    async list(orgId, { job, type, sinceMs, beforeSeq, limit }) {
      const rows = await db
        .select()
        .from(alerts)
        .where(
          and(
            eq(alerts.orgId, orgId),
            job === null ? undefined : eq(alerts.job, job),
            type === null ? undefined : eq(alerts.type, type),
            // By the first that is as young, so that older ones are not read.
            sinceMs === null
              ? undefined
              : and(
                  gte(alerts.at, sinceMs),
                  sql`seq >= (SELECT seq FROM alerts WHERE org_id = ${orgId} AND at >= ${sinceMs} ORDER BY at, seq LIMIT 1)`,
                ),
            beforeSeq === null ? undefined : lt(alerts.seq, beforeSeq),
          ),
        )
        .orderBy(desc(alerts.seq))
        .limit(limit);
      return rows.map(fromRow);
    },

    async last(orgId, job, schedule) {
      const row = await db
        .select()
        .from(alerts)
        .where(
          and(
            eq(alerts.orgId, orgId),
            eq(alerts.job, job),
            schedule === undefined
              ? undefined
              : and(eq(alerts.schedule, schedule), eq(alerts.type, "schedule_late")),
          ),
        )
        .orderBy(schedule === undefined ? desc(alerts.seq) : desc(alerts.dueAt))
        .limit(1)
        .get();
      return row ? fromRow(row) : null;
    },

    async forget(beforeMs, limit) {
      const firstYoung = sql`(SELECT seq FROM alerts WHERE at >= ${beforeMs} ORDER BY seq LIMIT 1)`;
      const isFoundAgain = sql`EXISTS (SELECT 1 FROM watches w WHERE w.org_id = a.org_id AND w.job = a.job
        AND w.schedule = a.schedule AND w.from_at < a.due_at)`;
      const { meta } = await db.run(sql`DELETE FROM alerts WHERE seq IN (SELECT a.seq FROM alerts a
        WHERE a.seq < coalesce(${firstYoung}, ${Number.MAX_SAFE_INTEGER}) AND NOT ${isFoundAgain} ORDER BY a.seq LIMIT ${limit})`);
      return meta.changes;
    },
  };
}

function watchedFromRow(row: WatchRow): Watched {
  const { orgId, job, schedule, limitMs, fromAt, lookedAt, decidedTo, pausedAt, resumedAt } = row;
  const shared = { orgId, job, limitMs, fromAt, lookedAt };
  if (row.spec === null || decidedTo === null)
    return { ...shared, kind: "job", isPaused: row.jobPausedAt !== null };
  const timing = JSON.parse(row.spec) as ScheduleSpec;
  return { ...shared, kind: "schedule", schedule, timing, place: { decidedTo, pausedAt, resumedAt } };
}

/** What finds a watch that is as it was seen. */
function seen(watched: Watched) {
  const { orgId: o, job: j, limitMs: l, fromAt: f, lookedAt: d } = watched;
  return { o, j, s: watched.kind === "job" ? "" : watched.schedule, l, f, d };
}

function fromRow({ orgId: _orgId, job, schedule, type, ...same }: typeof alerts.$inferSelect): Alert {
  return { ...same, type: type as AlertType, ...alertOf(type, job, schedule) };
}

/** Whose an alert is. */
export function alertOf(
  type: string,
  job: string,
  schedule: string,
): Pick<Alert, "job" | "schedule" | "hook" | "webhook"> {
  const nobody = { job: null, schedule: null, hook: null, webhook: null };
  if (type === "webhook_disabled") return { ...nobody, webhook: schedule };
  if (type === "report_failing") return { ...nobody, job, hook: schedule };
  // There the job that has run before stands in its place.
  if (type === "chain_stopped") return { ...nobody, job };
  return { ...nobody, job, schedule: schedule === "" ? null : schedule };
}

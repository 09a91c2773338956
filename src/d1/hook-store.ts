/** The store of hooks and of the ledger of their deliveries, on D1. */

import { and, eq, getTableColumns, isNull, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { HookKey, HookSpec, RefusedCalls } from "../core/hook/hook.ts";
import { PART_MARK } from "../core/hook/parts.ts";
import type { JobDefinition } from "../core/job.ts";
import { DELIVERIES_SCAN_MAX, DELIVERIES_TEXT_SCAN_MAX, REFUSED_CALLS_APART_MS } from "../core/limits.ts";
import type { DeliveryFilter, HookStore, RecordedDelivery, StoredHook } from "../flow/ports/hooks.ts";
import type { SecretSize } from "../flow/ports/secrets.ts";
import {
  bodyOfDelivery,
  deliveryColumns,
  deliveryFromRow,
  deliveryToRow,
  isOfHook,
  runFromColumn,
  runOfDelivery,
  summaryFromRow,
} from "./deliveries.ts";
import { ledgersIn } from "./ledgers.ts";
import { deliveries, hooks, jobs, jobVersions, secrets } from "./schema.ts";
import { sealedFromRow } from "./secrets.ts";

/** "/" is what comes after "." in the order of texts: ids of a delivery's parts, which begin with the mark, come before. */
const AFTER_PARTS = PART_MARK.replace(".", "/");

/** A store of hooks on a D1 database that has the migrations. */
export function d1Hooks(database: D1Database): HookStore {
  const db = drizzle(database);
  const isHook = ({ orgId, job, name }: HookKey) =>
    and(eq(hooks.orgId, orgId), eq(hooks.job, job), eq(hooks.name, name));
  const { headers: _headers, body: _body, ...summaryColumns } = getTableColumns(deliveries);
  return {
    async called(id) {
      const [[found], sealed] = await db.batch([
        db
          .select({
            // A batch tells columns by their names, of which each must be another.
            ...getTableColumns(hooks),
            version: jobs.version,
            pausedAt: jobs.pausedAt,
            jobCreatedAt: sql<number>`${jobs.createdAt}`.as("job_created_at"),
            updatedAt: jobs.updatedAt,
            definition: jobVersions.definition,
            runSecrets:
              sql<string>`(SELECT json_group_array(json_object('name', s.name, 'size', s.size)) FROM secrets s
              WHERE s.org_id = ${hooks.orgId} AND s.retired_at IS NULL AND s.name IN (
                SELECT value FROM json_each(${jobVersions.definition}, '$.run.secrets')
                UNION ALL SELECT ${jobVersions.definition} ->> '$.run.checkout.token'
                UNION ALL SELECT ${jobVersions.definition} ->> '$.run.checkout.deploy_key'))`.as(
                "run_secrets",
              ),
          })
          .from(hooks)
          .innerJoin(jobs, and(eq(jobs.orgId, hooks.orgId), eq(jobs.name, hooks.job)))
          .innerJoin(
            jobVersions,
            and(
              eq(jobVersions.orgId, jobs.orgId),
              eq(jobVersions.name, jobs.name),
              eq(jobVersions.version, jobs.version),
            ),
          )
          .where(and(eq(hooks.id, id), isNull(jobs.deletedAt))),
        db
          .select(getTableColumns(secrets))
          .from(hooks)
          .innerJoin(
            secrets,
            sql`${secrets.orgId} = ${hooks.orgId} AND ${secrets.retiredAt} IS NULL
              AND ${secrets.name} IN (SELECT value FROM json_each(${hooks.spec}, '$.secrets'))`,
          )
          .where(eq(hooks.id, id)),
      ]);
      if (!found) return null;
      const {
        version,
        pausedAt,
        jobCreatedAt: createdAt,
        updatedAt,
        definition,
        runSecrets,
        ...hook
      } = found;
      const { orgId, job: name } = hook;
      const job = { orgId, name, version, pausedAt, deletedAt: null, createdAt, updatedAt };
      return {
        hook: hookFromRow(hook),
        job: { job, definition: definition as JobDefinition },
        secrets: sealed.map(sealedFromRow),
        runSecrets: JSON.parse(runSecrets) as SecretSize[],
      };
    },

    async find(key) {
      const row = await db.select().from(hooks).where(isHook(key)).get();
      return row ? hookFromRow(row) : null;
    },

    async ofJob(orgId, job) {
      const rows = await db
        .select()
        .from(hooks)
        .where(and(eq(hooks.orgId, orgId), eq(hooks.job, job)))
        .orderBy(hooks.name);
      return rows.map(hookFromRow);
    },

    async list(orgId, after, limit) {
      const isAfter = after === null ? undefined : sql`(job, name) > (${after.job}, ${after.name})`;
      const rows = await db
        .select()
        .from(hooks)
        .where(and(eq(hooks.orgId, orgId), isAfter))
        .orderBy(hooks.job, hooks.name)
        .limit(limit);
      return rows.map(hookFromRow);
    },

    async lastDeliveries(keys) {
      if (keys.length === 0) return [];
      const wanted = JSON.stringify(keys.map(({ orgId, job, name }) => [orgId, job, name]));
      const rows = await db
        .select({ ...summaryColumns, run: runOfDelivery })
        .from(deliveries)
        .where(
          sql`(${deliveries.orgId}, ${deliveries.job}, ${deliveries.hook}, ${deliveries.id}) IN (
            SELECT k.value ->> 0, k.value ->> 1, k.value ->> 2, (SELECT d.id FROM deliveries d WHERE d.org_id = k.value ->> 0
              AND d.job = k.value ->> 1 AND d.hook = k.value ->> 2 ORDER BY d.received_at DESC, d.id DESC LIMIT 1)
            FROM json_each(${wanted}) k)`,
        );
      return rows.map(({ run, ...row }) => ({ ...summaryFromRow(row), run: runFromColumn(run) }));
    },

    async rotate(key, id, at) {
      const [row] = await db
        .update(hooks)
        .set({ id, urlSince: at, refused: null })
        .where(isHook(key))
        .returning();
      return row ? hookFromRow(row) : null;
    },

    async addRefused(id, { calls, since, lastAt }) {
      const [before, isNear] = [
        hooks.refused,
        sql`${hooks.refused} ->> '$.lastAt' > ${since - REFUSED_CALLS_APART_MS}`,
      ];
      await db
        .update(hooks)
        .set({
          refused: sql`CASE WHEN ${isNear} THEN json_object('calls', (${before} ->> '$.calls') + ${calls},
            'since', min(${before} ->> '$.since', ${since}), 'lastAt', max(${before} ->> '$.lastAt', ${lastAt}))
            ELSE json_object('calls', ${calls}, 'since', ${since}, 'lastAt', ${lastAt}) END`,
        })
        .where(eq(hooks.id, id));
    },

    async record(delivery, at) {
      const [row] = await db
        .insert(deliveries)
        .values(deliveryToRow(delivery))
        .onConflictDoUpdate({
          target: [deliveries.orgId, deliveries.job, deliveries.hook, deliveries.id],
          set: { repeats: sql`${deliveries.repeats} + 1`, repeatedAt: at },
        })
        .returning(summaryColumns);
      if (!row) throw new Error(`the delivery ${delivery.id} can be neither stored nor counted`);
      return { delivery: summaryFromRow(row), isNew: row.repeats === 0 };
    },

    async repeated(key, id, at) {
      const [row] = await db
        .update(deliveries)
        .set({ repeats: sql`${deliveries.repeats} + 1`, repeatedAt: at })
        .where(and(isOfHook(key), eq(deliveries.id, id)))
        .returning(summaryColumns);
      return row ? summaryFromRow(row) : null;
    },

    async delivery(key, id) {
      const row = await db
        .select({ ...deliveryColumns, run: runOfDelivery })
        .from(deliveries)
        .where(and(isOfHook(key), eq(deliveries.id, id)))
        .get();
      if (!row) return null;
      const { run, ...delivery } = row;
      return { ...deliveryFromRow(delivery), run: runFromColumn(run) };
    },

    async deliveries(key, filter) {
      const { before, limit, text } = filter;
      const wanted = wantedBy(filter);
      const looked =
        wanted === null ? limit + 1 : text === null ? DELIVERIES_SCAN_MAX : DELIVERIES_TEXT_SCAN_MAX;
      const isBefore =
        before === null
          ? undefined
          : sql`(${deliveries.receivedAt}, ${deliveries.id}) < (${before.receivedAt}, ${before.id})`;
      const rows = await db
        .select({ ...summaryColumns, run: runOfDelivery, isWanted: (wanted ?? sql`1`).as("is_wanted") })
        .from(deliveries)
        .where(and(isOfHook(key), isBefore))
        .orderBy(sql`${deliveries.receivedAt} DESC, ${deliveries.id} DESC`)
        .limit(looked);
      const found = rows.filter((row) => row.isWanted === 1);
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : rows.length === looked ? rows.at(-1) : undefined;
      return {
        deliveries: page.map(({ run, isWanted: _, ...row }) => ({
          ...summaryFromRow(row),
          run: runFromColumn(run),
        })),
        nextBefore: last === undefined ? null : { receivedAt: last.receivedAt, id: last.id },
      };
    },

    async newest(key, limit, maxBytes) {
      const { id, bodyBytes } = deliveries;
      const sizes = await db
        .select({ id, bytes: bodyBytes })
        .from(deliveries)
        .where(and(isOfHook(key), isNull(deliveries.originId)))
        .orderBy(sql`${deliveries.receivedAt} DESC, ${deliveries.id} DESC`)
        .limit(limit);
      let bytes = 0;
      const ids = sizes.flatMap((row, index) => {
        bytes += row.bytes;
        return index === 0 || bytes <= maxBytes ? [row.id] : [];
      });
      if (ids.length === 0) return [];
      const rows = await db
        .select(deliveryColumns)
        .from(deliveries)
        .where(and(isOfHook(key), sql`${id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`));
      return rows.map(deliveryFromRow).sort(byNewest);
    },

    async resends(key, originId) {
      const prefix = `${originId}+resend.`;
      const row = await db
        .select({ count: sql<number>`count(*)` })
        .from(deliveries)
        .where(
          and(
            isOfHook(key),
            // "/" is what comes after "." in the order of texts: those that begin with the prefix.
            sql`${deliveries.id} >= ${prefix} AND ${deliveries.id} < ${`${originId}+resend/`}`,
          ),
        )
        .get();
      return row?.count ?? 0;
    },

    ledgers: (after, limit) => ledgersIn(db, { table: "deliveries", name: "hook" }, after, limit),

    async forget(ledgers, beforeMs, limit) {
      const keys = JSON.stringify(ledgers.map(({ orgId, job, name }) => [orgId, job, name]));
      const { meta } = await db.run(sql`DELETE FROM deliveries WHERE (org_id, job, hook, id) IN (
        SELECT d.org_id, d.job, d.hook, d.id FROM json_each(${keys}) l CROSS JOIN deliveries d INDEXED BY deliveries_received
          ON d.org_id = l.value ->> 0 AND d.job = l.value ->> 1 AND d.hook = l.value ->> 2 AND d.received_at < ${beforeMs}
        WHERE NOT EXISTS (SELECT 1 FROM deliveries p WHERE p.org_id = d.org_id AND p.job = d.job AND p.hook = d.hook
          AND p.id > d.id || ${PART_MARK} AND p.id < d.id || ${AFTER_PARTS} AND p.body_of = d.id)
        LIMIT ${limit})`);
      return meta.changes;
    },
  };
}

/** What a row must be, as a condition; null where any will do. */
function wantedBy({ verdict, runId, text }: DeliveryFilter): SQL<number> | null {
  const parts = [
    ...(verdict === null ? [] : [sql`${deliveries.verdict} = ${verdict}`]),
    ...(runId === null ? [] : [sql`${deliveries.runId} IS ${runId}`]),
    ...(text === null ? [] : [sql`(${hasText(text)})`]),
  ];
  return parts.length === 0 ? null : sql<number>`(${sql.join(parts, sql` AND `)})`;
}

function hasText(text: string): SQL {
  const { id, event, detail, change, headers } = deliveries;
  const looked = [id, event, detail, change, headers, sql`CAST(${bodyOfDelivery} AS TEXT)`];
  return sql.join(
    looked.map((column) => sql`instr(lower(coalesce(${column}, '')), lower(${text})) > 0`),
    sql` OR `,
  );
}

function byNewest(a: RecordedDelivery, b: RecordedDelivery): number {
  return b.receivedAt - a.receivedAt || (a.id < b.id ? 1 : -1);
}

function hookFromRow({ spec, refused, ...same }: typeof hooks.$inferSelect): StoredHook {
  return { ...same, spec: spec as HookSpec, refused: refused as RefusedCalls | null };
}

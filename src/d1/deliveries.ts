/** The ledger of deliveries in rows. One that is for a run is stored in the run's own batch, so that of the two there is neither without the other. */

import { getTableColumns, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { FilteredWhy } from "../core/hook/delivery.ts";
import type { HookKey } from "../core/hook/hook.ts";
import type { RunChange } from "../core/hook/run-delivery.ts";
import type { HookSource } from "../core/hook/spec.ts";
import type { Verdict } from "../core/hook/verdict.ts";
import type { Reason, RunStatus } from "../core/run.ts";
import type { DeliveryRun, DeliverySummary, NewDelivery, RecordedDelivery } from "../flow/ports/hooks.ts";
import { deliveries } from "./schema.ts";

export type DeliveryRow = typeof deliveries.$inferSelect;

/** Statements that put a run's delivery into its ledger. Where there is one of its id the batch ends. */
export function deliveredBy(db: DrizzleD1Database, delivery: NewDelivery | null): BatchItem<"sqlite">[] {
  return delivery === null ? [] : [db.insert(deliveries).values(deliveryToRow(delivery))];
}

export function deliveryToRow({ name: hook, body, ...same }: NewDelivery): typeof deliveries.$inferInsert {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return { ...same, hook, repeats: 0, body: bytes };
}

export function summaryFromRow(row: Omit<DeliveryRow, "headers" | "body">): DeliverySummary {
  const { hook: name, source, verdict, why, change, ...same } = row;
  return {
    ...same,
    name,
    source: source as HookSource,
    verdict: verdict as Verdict,
    why: why as FilteredWhy | null,
    change: change as RunChange | null,
  };
}

export function deliveryFromRow({ headers, body, ...row }: DeliveryRow): RecordedDelivery {
  return {
    ...summaryFromRow(row),
    headers: headers as Record<string, string>,
    body: new Uint8Array(body),
  };
}

/** Of a row, or of the one that has its body, which is another's where it has another body; nothing where that is gone. */
export const bodyOfDelivery = sql`(CASE WHEN deliveries.body_of IS NULL THEN deliveries.body ELSE coalesce((
  SELECT h.body FROM deliveries h WHERE h.org_id = deliveries.org_id AND h.job = deliveries.job AND h.hook = deliveries.hook
    AND h.id = deliveries.body_of AND h.body_sha256 = deliveries.body_sha256), x'') END)`;

/** The columns of a row, with its body whoever has it. */
export const deliveryColumns = {
  ...getTableColumns(deliveries),
  body: bodyOfDelivery.mapWith(deliveries.body).as("body"),
};

/** What a statement tells of a row's run, as a column. */
export const runOfDelivery = sql<string | null>`(SELECT json_array(r.status, r.reason) FROM runs r
  WHERE r.id = ${deliveries.runId})`.as("run");

export function runFromColumn(run: string | null): DeliveryRun | null {
  if (run === null) return null;
  const [status, reason] = JSON.parse(run) as [RunStatus, Reason | null];
  return { status, reason };
}

export function isOfHook({ orgId, job, name }: HookKey) {
  return sql`${deliveries.orgId} = ${orgId} AND ${deliveries.job} = ${job} AND ${deliveries.hook} = ${name}`;
}

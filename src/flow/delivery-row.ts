/** What a row of a hook's ledger has, whatever its delivery comes to. */

import type { Delivery } from "../core/hook/delivery.ts";
import type { KeptBody } from "./kept-body.ts";
import type { StoredHook } from "./ports/hooks.ts";
import type { DefinedJob } from "./ports/jobs.ts";

/** What a row has of any call. */
export function rowOf(
  { orgId, job, name, spec }: StoredHook,
  { job: { version } }: DefinedJob,
  kept: KeptBody,
) {
  return { orgId, job, name, source: spec.source, jobVersion: version, ...kept };
}

/** And of a delivery that could be read. */
export function rowFrom<R extends object>(row: R, delivery: Delivery, originId: string | null) {
  const { deliveryId: id, event, action, headers } = delivery;
  return { ...row, id, event, action, headers: { ...headers }, originId };
}

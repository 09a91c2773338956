/** What is kept of the body of a call of a hook, in its rows and beside them. */

import type { HookKey } from "../core/hook/hook.ts";
import { DELIVERY_BODY_KEPT_BYTES } from "../core/limits.ts";
import type { DeliveryBodies, HookStore, NewDelivery } from "./ports/hooks.ts";
import { sha256 } from "./sha256.ts";
import { keepWhole } from "./whole-body.ts";

/** What rows have of a call's body, which is kept whole by then. */
export type KeptBody = Pick<NewDelivery, "receivedAt" | "bodySha256" | "bodyBytes" | "body" | "bodyOf">;

/**
 * Keeps a body for all the rows of one call.
 * @param id of its first row, which may follow from the body's SHA-256: what an earlier call with this body left to be recorded is found
 * with that, and it is put again only where it could not be kept then. Null for what is surely new
 */
export async function keptBody(
  { hooks, bodies }: { hooks: Pick<HookStore, "delivery">; bodies: DeliveryBodies },
  { orgId, job, name }: HookKey,
  body: Uint8Array,
  receivedAt: number,
  id: string | ((bodySha256: string) => string) | null,
): Promise<KeptBody> {
  const key = { orgId, job, name };
  const kept = {
    receivedAt,
    bodySha256: await sha256(body),
    bodyBytes: body.byteLength,
    body: body.subarray(0, DELIVERY_BODY_KEPT_BYTES),
    bodyOf: null,
  };
  if (kept.body.byteLength === kept.bodyBytes) return kept;
  const known =
    id === null ? null : await hooks.delivery(key, typeof id === "string" ? id : id(kept.bodySha256));
  if (known?.bodySha256 !== kept.bodySha256) {
    await keepWhole(bodies, { ...key, ...kept }, body);
    return kept;
  }
  const { receivedAt: keptAt } = known;
  // Where nobody can tell it is put: the same key fixes the same bytes.
  if (!(await bodies.has(known).catch(() => false)))
    await keepWhole(bodies, { ...key, ...kept, receivedAt: keptAt }, body);
  return { ...kept, receivedAt: keptAt };
}

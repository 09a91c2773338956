/** Bodies of deliveries that are longer than what a row keeps of them. */

import { AppError } from "../core/error.ts";
import { DELIVERY_BODY_KEPT_BYTES } from "../core/limits.ts";
import type { BodyPlace, DeliveryBodies, RecordedDelivery } from "./ports/hooks.ts";

/** Keeps a body whole where its row does not; before that is stored, so that who finds the row finds it, too. Where it can not be kept the row tells that it is not complete. */
export async function keepWhole(bodies: DeliveryBodies, place: BodyPlace, body: Uint8Array): Promise<void> {
  if (body.byteLength > DELIVERY_BODY_KEPT_BYTES) await bodies.put(place, body).catch(() => undefined);
}

/**
 * The delivery with all of its body, where that is kept.
 * @throws AppError `unavailable` where nobody can tell right now
 */
export async function withWholeBody<D extends RecordedDelivery>(
  bodies: Pick<DeliveryBodies, "get">,
  delivery: D,
): Promise<D> {
  if (!isLong(delivery)) return delivery;
  return { ...delivery, body: (await bodies.get(delivery).catch(notRead)) ?? delivery.body };
}

/** Whether all of its body is kept, without reading it. @throws AppError likewise */
export async function isKeptWhole(
  bodies: Pick<DeliveryBodies, "has">,
  delivery: RecordedDelivery,
): Promise<boolean> {
  return isLong(delivery)
    ? bodies.has(delivery).catch(notRead)
    : delivery.body.byteLength === delivery.bodyBytes;
}

/** Whether a row is too small for it; one that is not may be gone with the row that had it. */
function isLong({ bodyBytes }: RecordedDelivery): boolean {
  return bodyBytes > DELIVERY_BODY_KEPT_BYTES;
}

function notRead(error: unknown): never {
  console.error(error);
  throw new AppError("unavailable", "the delivery's body can not be read right now; try again");
}

/** Whole bodies of deliveries in Cloudflare R2, for those that a row is too small for. */

import type { BodyPlace, DeliveryBodies } from "../flow/ports/hooks.ts";

const ALL = "deliveries/";
/** Objects that R2 lists at once, and removes in one call. */
const PAGE = 1000;

/** Bodies in an R2 bucket. Keys begin with the day, so that those that come first in a list are the oldest, whatever became of their rows. */
export function r2DeliveryBodies(bucket: R2Bucket): DeliveryBodies {
  return {
    async put(place, body) {
      await bucket.put(keyOf(place), body);
    },
    async get(place) {
      const object = await bucket.get(keyOf(place));
      return object ? new Uint8Array(await object.arrayBuffer()) : null;
    },
    has: async (place) => (await bucket.head(keyOf(place))) !== null,
    logError: (error) => console.error(JSON.stringify({ level: "error", deliveries: String(error) })),
    async forget(beforeMs) {
      const { objects } = await bucket.list({ prefix: ALL, limit: PAGE });
      const kept = `${ALL}${dayOf(beforeMs)}`;
      const old = objects.map(({ key }) => key).filter((key) => key < kept);
      if (old.length > 0) await bucket.delete(old);
      return old.length;
    },
  };
}

/** A key fixes its bytes, so writing it again is harmless: parts of one delivery share it, and calls of one day. */
function keyOf({ orgId, job, name, receivedAt, bodySha256 }: BodyPlace): string {
  return `${ALL}${dayOf(receivedAt)}/${orgId}/${job}/${name}/${bodySha256}`;
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

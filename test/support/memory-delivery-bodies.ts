/** Whole bodies of deliveries in memory. */

import type { BodyPlace, DeliveryBodies } from "../../src/flow/ports/hooks.ts";

/** @param kept what is in there, for whoever checks that */
export function memoryDeliveryBodies(
  kept = new Map<string, { place: BodyPlace; body: Uint8Array }>(),
): DeliveryBodies {
  const keyOf = ({ orgId, job, name, receivedAt, bodySha256 }: BodyPlace) =>
    JSON.stringify([orgId, job, name, receivedAt, bodySha256]);
  return {
    put: async (place, body) => void kept.set(keyOf(place), { place, body }),
    get: async (place) => kept.get(keyOf(place))?.body ?? null,
    has: async (place) => kept.has(keyOf(place)),
    logError: () => {},
    async forget(beforeMs) {
      const old = [...kept].filter(([, { place }]) => place.receivedAt < beforeMs);
      for (const [key] of old) kept.delete(key);
      return old.length;
    },
  };
}

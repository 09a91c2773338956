/**
 * The id of this deployment, which its Machines carry: of the database, which has one by its migration that lasts and is restored with
 * it, and of the place where the deployment is, so that a copy of the database elsewhere is another deployment.
 */

import { drizzle } from "drizzle-orm/d1";
import { hexOf } from "../core/hex.ts";
import { deployment } from "./schema.ts";

/** By place. It never changes, so an isolate reads it once. */
const known = new WeakMap<D1Database, Map<string, Promise<string>>>();

/** @param place what tells this deployment from one with a copy of its database, and lasts as long as it does */
export function deploymentOf(database: D1Database, place: string): () => Promise<string> {
  return () => {
    const ofPlaces = known.get(database) ?? new Map<string, Promise<string>>();
    known.set(database, ofPlaces);
    const id = ofPlaces.get(place) ?? readId(database, place);
    ofPlaces.set(place, id);
    // What failed is tried again by the next who asks.
    id.catch(() => ofPlaces.delete(place));
    return id;
  };
}

async function readId(database: D1Database, place: string): Promise<string> {
  const row = await drizzle(database).select().from(deployment).get();
  if (!row) throw new Error("the database has no deployment id, which a migration makes");
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${row.id} ${place}`));
  return hexOf(new Uint8Array(hash, 0, ID_BYTES));
}

/** Enough that no two deployments ever have the same. */
const ID_BYTES = 8;

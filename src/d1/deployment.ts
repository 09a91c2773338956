/** The id of this deployment, which its Machines carry. It is made with the database, and lasts and is restored with it. */

import { drizzle } from "drizzle-orm/d1";
import { deployment } from "./schema.ts";

/** It never changes, so an isolate reads it once. */
const known = new WeakMap<D1Database, Promise<string>>();

export function deploymentOf(database: D1Database): () => Promise<string> {
  return () => {
    let id = known.get(database);
    if (id === undefined) {
      id = readId(database);
      known.set(database, id);
      // What failed is tried again by the next who asks.
      id.catch(() => known.delete(database));
    }
    return id;
  };
}

async function readId(database: D1Database): Promise<string> {
  const row = await drizzle(database).select().from(deployment).get();
  if (!row) throw new Error("the database has no deployment id, which a migration makes");
  return row.id;
}

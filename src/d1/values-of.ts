import { type SQL, sql } from "drizzle-orm";

/** Texts for IN, as one bound value: D1 takes a hundred of them. */
export function valuesOf(texts: string[]): SQL {
  return sql`(SELECT value FROM json_each(${JSON.stringify(texts)}))`;
}

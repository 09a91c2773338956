/** A local D1 database of a bench's own: a stack's belongs to its worker. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const MIGRATIONS = join(import.meta.dirname, "../migrations");

/** Gives a fresh database its tables. */
export async function applyMigrations(database: D1Database): Promise<void> {
  for (const file of readdirSync(MIGRATIONS).filter((name) => name.endsWith(".sql")))
    for (const statement of readFileSync(join(MIGRATIONS, file), "utf8").split("--> statement-breakpoint"))
      await database.prepare(statement).run();
}

/** Puts the database back to what its migrations make of it, for test files that follow each other in one workerd. */

import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";

interface Made {
  table: string;
  rows: Record<string, unknown>[];
}

/** What migrations put into tables; it lasts as long as the workerd does. */
const made = globalThis as { mayflyMigratedRows?: Made[] };

await applyD1Migrations(env.DB, env.MIGRATIONS);
if (made.mayflyMigratedRows === undefined) made.mayflyMigratedRows = await allRows();
else await putBack(made.mayflyMigratedRows);

async function allRows(): Promise<Made[]> {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
  ).all<{ name: string }>();
  const tables = results.map(({ name }) => name);
  const answers = await env.DB.batch<Record<string, unknown>>(
    tables.map((table) => env.DB.prepare(`SELECT * FROM "${table}"`)),
  );
  return tables.map((table, index) => ({ table, rows: answers[index]?.results ?? [] }));
}

async function putBack(tables: Made[]): Promise<void> {
  const deletes = tables.map(({ table }) => env.DB.prepare(`DELETE FROM "${table}"`));
  const inserts = tables.flatMap(({ table, rows }) =>
    rows.map((row) => {
      const names = Object.keys(row);
      const places = names.map(() => "?").join(", ");
      const columns = names.map((name) => `"${name}"`).join(", ");
      return env.DB.prepare(`INSERT INTO "${table}" (${columns}) VALUES (${places})`).bind(
        ...Object.values(row),
      );
    }),
  );
  await env.DB.batch([env.DB.prepare("PRAGMA defer_foreign_keys = on"), ...deletes, ...inserts]);
}

/** What is asked of the database with a thousand finished runs and with a million, beside each other: rows read and time. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getPlatformProxy } from "wrangler";
import { applyMigrations } from "./database.ts";
import { ms, percentile, report, timed } from "./figures.ts";

/** Each question is asked so often, in turns with the others. */
const ROUNDS = 20;

export async function size(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bench-"));
  const { env, dispose } = await getPlatformProxy<{ DB: D1Database }>({ persist: { path: folder } });
  try {
    await applyMigrations(env.DB);
    const { countedD1 } = await import("../test/support/counted-d1.ts");
    const { copyFinished, FEW, MANY, questions, storeAFew } = await import("../test/support/many-runs.ts");
    const { d1Store } = await import("../src/d1/store.ts");
    const { database, counts } = countedD1(env.DB);
    const store = d1Store(database);
    const runs = await storeAFew(env.DB, store);
    const asked = questions(store, runs);
    const measure = async () => {
      const rows = new Map<string, number>();
      const times = new Map<string, number[]>(Object.keys(asked).map((what) => [what, []]));
      for (let round = 0; round < ROUNDS; round++)
        for (const [what, ask] of Object.entries(asked)) {
          const before = counts.rowsRead;
          times.get(what)?.push(await timed(ask));
          rows.set(what, counts.rowsRead - before);
        }
      return { rows, p50: (what: string) => percentile(times.get(what) ?? [], 0.5) };
    };
    const floor = async () => {
      const times: number[] = [];
      for (let round = 0; round < 5 * ROUNDS; round++)
        times.push(await timed(() => env.DB.prepare("SELECT 1").all()));
      return percentile(times, 0.5);
    };
    console.log(`\nwhat is asked of the database, with ${FEW} finished runs and with ${MANY}`);
    const few = { ...(await measure()), floor: await floor() };
    await copyFinished(env.DB, runs, FEW, MANY);
    const many = { ...(await measure()), floor: await floor() };
    report("floor: SELECT 1", { few: ms(few.floor), many: ms(many.floor) });
    for (const what of Object.keys(asked))
      report(what, {
        "rows read": `${few.rows.get(what)} and ${many.rows.get(what)}`,
        p50: `${ms(few.p50(what))} and ${ms(many.p50(what))}`,
        ratio: (many.p50(what) / few.p50(what)).toFixed(2),
      });
  } finally {
    await dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

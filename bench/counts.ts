/** What one run with small output asks of D1, the Machines API and Durable Objects, and what a million of them cost. */

import { join } from "node:path";
import { getPlatformProxy } from "wrangler";
import type { Stack } from "../test/support/stack.ts";
import { applyMigrations } from "./database.ts";
import { report } from "./figures.ts";
import { runCosts } from "./prices.ts";

interface Bindings {
  DB: D1Database;
  OUTPUT: R2Bucket;
}

export async function counts(stack: Stack): Promise<void> {
  console.log("\none attempt, small output: what it asks for (these do not depend on the computer)");
  const { env, dispose } = await getPlatformProxy<Bindings>({
    persist: { path: join(stack.folder, "counts") },
  });
  try {
    await applyMigrations(env.DB);
    const { countedD1 } = await import("../test/support/counted-d1.ts");
    const { createRunToEnd } = await import("../test/support/run-to-end.ts");
    const { database, counts } = countedD1(env.DB);
    const before = await total(stack);
    const { driverRequests } = await createRunToEnd(
      database,
      env.OUTPUT,
      stack.machinesUrl,
    )({ command: ["echo", "hi"] });
    const machineCalls = (await total(stack)) - before;
    report("asked", {
      "D1 rows written": counts.rowsWritten,
      "D1 statements": counts.statements,
      "Machines API calls": machineCalls,
      "Durable Object requests": driverRequests,
    });
    for (const [what, dollars] of Object.entries(runCosts({ ...counts, driverRequests })))
      report(what, { "$ per million runs": dollars.toFixed(2) });
  } finally {
    await dispose();
  }
}

async function total(stack: Stack): Promise<number> {
  return Object.values(await stack.machineCalls()).reduce((sum, count) => sum + count, 0);
}

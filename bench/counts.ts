/** What one run with small output asks of D1, the Machines API and Durable Objects, and what a million of them cost. */

import { join } from "node:path";
import { getPlatformProxy } from "wrangler";
import { LAUNCHES_PER_SECOND_DEFAULT } from "../src/core/limits.ts";
import type { LaunchSettings } from "../src/flow/launches.ts";
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
    await countOne("as npm start has it", stack, env, { apps: ["counts"], perSecond: 0 });
    const deployed: LaunchSettings = {
      apps: ["counts-a", "counts-b"],
      perSecond: LAUNCHES_PER_SECOND_DEFAULT,
    };
    const costs = runCosts(await countOne("as deployed, with launches paced", stack, env, deployed));
    for (const [what, dollars] of Object.entries(costs))
      report(what, { "$ per million runs": dollars.toFixed(2) });
  } finally {
    await dispose();
  }
}

async function countOne(name: string, stack: Stack, env: Bindings, launches: LaunchSettings) {
  const { countedD1 } = await import("../test/support/counted-d1.ts");
  const { createRunToEnd } = await import("../test/support/run-to-end.ts");
  const { database, counts } = countedD1(env.DB);
  const before = await total(stack);
  const runToEnd = createRunToEnd(database, env.OUTPUT, stack.machinesUrl, undefined, launches);
  const { driverRequests } = await runToEnd({ command: ["echo", "hi"] });
  report(name, {
    "D1 rows written": counts.rowsWritten,
    "D1 statements": counts.statements,
    "Machines API calls": (await total(stack)) - before,
    "Durable Object requests": driverRequests,
  });
  return { ...counts, driverRequests };
}

async function total(stack: Stack): Promise<number> {
  return Object.values(await stack.machineCalls()).reduce((sum, count) => sum + count, 0);
}

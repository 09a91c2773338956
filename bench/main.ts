/**
 * `npm run bench`: what a run costs in time and money, each figure beside a floor measured in the same run. Starts a Mayfly of its
 * own on this computer, talks to 127.0.0.1 only, and ends it.
 *
 *     npm run bench                 all
 *     npm run bench -- latency      one of: counts, latency, large-output
 */

import { startStack } from "../test/support/stack.ts";
import { counts } from "./counts.ts";
import { largeOutput } from "./large-output.ts";
import { latency } from "./latency.ts";

// The counts first: they count calls, which must not be those of runs that are still being released.
const BENCHES = { counts, latency, "large-output": largeOutput };

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(", ")}; there are ${Object.keys(BENCHES).join(", ")}`);
  process.exit(2);
}
const stack = await startStack(
  process.env.MAYFLY_ISOLATION ? { isolation: process.env.MAYFLY_ISOLATION } : {},
);
try {
  for (const [name, bench] of Object.entries(BENCHES))
    if (asked.length === 0 || asked.includes(name)) await bench(stack);
} finally {
  await stack.close();
}

/**
 * `npm run bench`: what a run costs in time and money, each figure beside a floor measured in the same run. Starts a Mayfly of its
 * own on this computer, talks to 127.0.0.1 only, and ends it.
 *
 *     npm run bench                 all but peers, schedules and punctual
 *     npm run bench -- latency      one of: counts, latency, large-output, hooks, notifications, schedules, punctual, inputs, machines, size, peers
 *
 * Peers are left out unless asked for: their packages are fetched from npm's registry, and it takes ten minutes. So are schedules, which
 * leave 20,000 jobs behind and take five, punctual ones, which take eight, and inputs, which are the worst that can be thought of.
 */

import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { startStack } from "../test/support/stack.ts";
import { counts } from "./counts.ts";
import { hooks } from "./hooks.ts";
import { inputs } from "./inputs.ts";
import { largeOutput } from "./large-output.ts";
import { latency } from "./latency.ts";
import { machines } from "./machines.ts";
import { notifications } from "./notifications.ts";
import { peers } from "./peers.ts";
import { punctual } from "./punctual.ts";
import { schedules } from "./schedules.ts";
import { size } from "./size.ts";

// The counts first: they count calls, which must not be those of runs that are still being released.
const BENCHES = { counts, latency, "large-output": largeOutput, hooks, notifications, schedules, punctual };
/** Those that need no Mayfly, but servers of their own. */
const ALONE = { inputs, machines, size, peers };
const ONLY_BY_NAME = ["peers", "schedules", "punctual", "inputs"];
const ALL = [...Object.keys(BENCHES), ...Object.keys(ALONE)];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !ALL.includes(name));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(", ")}; there are ${ALL.join(", ")}`);
  process.exit(2);
}
const isAsked = (name: string) =>
  (asked.length === 0 && !ONLY_BY_NAME.includes(name)) || asked.includes(name);
// Programs that were started end at this one's exit, which a signal alone does not bring about.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
console.log(`what is stored lies in ${tmpdir()}, on ${fileSystemOf(tmpdir())}; TMPDIR puts it elsewhere`);
for (const [name, bench] of Object.entries(ALONE)) if (isAsked(name)) await bench();
if (!Object.keys(BENCHES).some(isAsked)) process.exit(0);
const stack = await startStack(
  process.env.MAYFLY_ISOLATION ? { isolation: process.env.MAYFLY_ISOLATION } : {},
);
try {
  for (const [name, bench] of Object.entries(BENCHES)) if (isAsked(name)) await bench(stack);
} finally {
  await stack.close();
}

/** Files that come and go cost much on some: ext4 without a journal walks by each that went within minutes to make another. */
function fileSystemOf(directory: string): string {
  const { stdout } = spawnSync("stat", ["-f", "-c", "%T", directory], { encoding: "utf8" });
  return stdout?.trim() || "an unknown file system";
}

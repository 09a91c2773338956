#!/usr/bin/env node
/** The command `mayfly`. Under a Node too old for TypeScript it starts itself again with the one that npm installed. */

import module from "node:module";
import { join } from "node:path";
import { forward } from "./forward.mjs";
import { NO_NODE_24, node24, ROOT } from "./node24.mjs";

const node = node24();
if (node === null) {
  console.error(NO_NODE_24);
  process.exit(1);
}
if (node === process.execPath) {
  // Compiled once and not at each start: a command answers in half the time.
  module.enableCompileCache?.(join(ROOT, "node_modules", ".cache", "mayfly"));
  const { main } = await import("./main.ts");
  process.exit(await main(process.argv.slice(2)));
}
const env = { ...process.env, MAYFLY_LAUNCHER_PID: String(process.pid) };
process.exit(await forward(node, process.argv.slice(1), { env }));

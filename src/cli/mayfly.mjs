#!/usr/bin/env node
/** The command `mayfly`. Under a Node too old for TypeScript it starts itself again with the one that npm installed. */

import module from "node:module";
import { join } from "node:path";
import { forward } from "./forward.mjs";
import { missingInstall } from "./installed.mjs";
import { NO_NODE_24, node24, ROOT } from "./node24.mjs";

const node = node24();
if (node === null) {
  console.error(notInstalled() ?? NO_NODE_24);
  process.exit(1);
}
if (node === process.execPath) {
  // Compiled once and not at each start: a command answers in half the time.
  module.enableCompileCache?.(join(ROOT, "node_modules", ".cache", "mayfly"));
  const { main } = await import("./main.ts").catch(orNotInstalled);
  process.exit(await main(process.argv.slice(2)));
}
const env = { ...process.env, MAYFLY_LAUNCHER_PID: String(process.pid) };
process.exit(await forward(node, process.argv.slice(1), { env }));

/** What to say where an install is missing, else null. */
function notInstalled() {
  const reason = missingInstall(ROOT);
  return reason === null ? null : `mayfly: ${reason}; run \`npm start\`, or \`npm ci\`, in ${ROOT} first`;
}

function orNotInstalled(error) {
  const said = error.code === "ERR_MODULE_NOT_FOUND" ? notInstalled() : null;
  if (said === null) throw error;
  console.error(said);
  process.exit(1);
}

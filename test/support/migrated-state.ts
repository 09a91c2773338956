/** The state of a Mayfly that nobody has used yet: a database with all migrations, which stories take copies of. */

import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "../..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
/** Where stories find it. */
const MADE_BEFORE = "MAYFLY_TEST_STATE";

/** Migrating takes wrangler seconds of a core, so it is done once for all stories. */
export default async function setup(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-migrated-"));
  // So is compiling wrangler, a script of many megabytes, of which each worker is started.
  process.env.NODE_COMPILE_CACHE ??= join(folder, "compile-cache");
  const state = join(folder, "state");
  await migrate(state);
  process.env[MADE_BEFORE] = state;
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Puts such a state into a folder that does not exist yet. */
export async function migratedState(folder: string): Promise<void> {
  const made = process.env[MADE_BEFORE];
  if (made === undefined) await migrate(folder);
  else cpSync(made, folder, { recursive: true });
}

async function migrate(folder: string): Promise<void> {
  const args = ["d1", "migrations", "apply", "DB", "--local", "--persist-to", folder];
  const quiet = { CI: "1", WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" };
  await promisify(execFile)(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...quiet },
  });
}

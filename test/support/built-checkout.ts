/**
 * A checkout whose worker is bundled already, as `wrangler deploy` would upload it: whoever starts a worker of sources waits
 * until they are bundled, and a story starts many.
 */

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "../..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
/** What a worker is made of. */
const CODE = ["src", "migrations", "wrangler.toml", "package.json", "tsconfig.json"];
/** Where stories find it. */
const MADE_BEFORE = "MAYFLY_TEST_CHECKOUT";

/** Bundling takes a second of a core, so it is done once for all stories. */
export default async function setup(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-checkout-"));
  const checkout = join(folder, "checkout");
  copyCheckout(checkout);
  const args = ["deploy", "--dry-run", "--outdir", join(checkout, "bundled")];
  await promisify(execFile)(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    env: { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" },
  });
  const config = join(checkout, "wrangler.toml");
  const main = 'main = "src/worker/index.ts"';
  const text = readFileSync(config, "utf8");
  if (!text.includes(main)) throw new Error(`wrangler.toml has no ${main}`);
  writeFileSync(config, text.replace(main, 'main = "bundled/index.js"\nno_bundle = true'));
  process.env[MADE_BEFORE] = checkout;
  return () => rmSync(folder, { recursive: true, force: true });
}

/** The checkout to start workers of: that one, or where a story runs without it the sources themselves. */
export function checkoutToRun(): string {
  return process.env[MADE_BEFORE] ?? ROOT;
}

/** Puts the sources of a worker into a folder that does not exist yet. */
export function copyCheckout(folder: string): void {
  mkdirSync(folder);
  for (const name of CODE) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
}

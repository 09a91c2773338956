/** wrangler, which runs the worker in workerd on this computer: what it is started with. */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CHECKOUT, type Places } from "./places.ts";
import type { ProgramSpec } from "./program.ts";

const WRANGLER = join(CHECKOUT, "node_modules", "wrangler", "bin", "wrangler.js");
const WORKER_MAIN = fileURLToPath(new URL("worker-main.ts", import.meta.url));
const MIGRATIONS = join(CHECKOUT, "migrations");

/** Nothing but the worker: no questions, no news from the network, no traces outside of our own folder. */
function environment(places: Places): Record<string, string> {
  return {
    CI: "1",
    NO_COLOR: "1",
    FORCE_COLOR: "0",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
    WRANGLER_WRITE_LOGS: "false",
    WRANGLER_REGISTRY_PATH: join(places.dir, "registry"),
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    // Wrangler is one script of many megabytes; not compiling it each time spares a quarter of a second.
    NODE_COMPILE_CACHE: join(places.dir, "compile-cache"),
  };
}

/** The Machines API that the worker asks. */
export interface AskedMachines {
  url: string;
  /** Whether it refuses calls above Fly's rate limits; one that takes any number is asked without a pace. */
  rateLimits: boolean;
}

/** The worker, on its port, with its state where it was. */
export function workerSpec(
  places: Places,
  port: number,
  machines: AskedMachines,
  concurrencyLimit?: number,
): ProgramSpec {
  const args = ["--port", String(port), "--persist-to", places.state];
  const limit = concurrencyLimit === undefined ? [] : ["--concurrency-limit", String(concurrencyLimit)];
  const settings = ["--env-file", places.secrets, "--machines-url", machines.url, ...limit];
  const pace = machines.rateLimits ? [] : ["--launches-per-second", "0"];
  return {
    name: "the worker",
    args: [WORKER_MAIN, ...args, ...settings, ...pace],
    cwd: CHECKOUT,
    env: environment(places),
    log: join(places.logs, "worker.log"),
  };
}

/** Brings the local database up to the migrations of this checkout. */
export function migrationsSpec(places: Places): ProgramSpec {
  return {
    name: "the migrations of the database",
    args: [WRANGLER, "d1", "migrations", "apply", "DB", "--local", "--persist-to", places.state],
    cwd: CHECKOUT,
    env: environment(places),
    log: join(places.logs, "migrations.log"),
  };
}

/** Whether the database has all migrations. The note on it stands beside the database, so it goes when that goes. */
export class AppliedMigrations {
  readonly #note: string;
  readonly #fingerprint: string;

  constructor(places: Places, folder = MIGRATIONS) {
    this.#note = join(places.state, "applied-migrations");
    const files = readdirSync(folder)
      .filter((name) => name.endsWith(".sql"))
      .sort();
    const hash = createHash("sha256");
    for (const name of files)
      hash
        .update(`${name}\0`)
        .update(readFileSync(join(folder, name)))
        .update("\0");
    this.#fingerprint = hash.digest("hex");
  }

  isComplete(): boolean {
    return existsSync(this.#note) && readFileSync(this.#note, "utf8") === this.#fingerprint;
  }

  markComplete(): void {
    writeFileSync(this.#note, this.#fingerprint);
  }
}

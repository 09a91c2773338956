/**
 * The peers' packages, in exactly these versions, in a folder of the comparison's own: Mayfly depends on none of them. npm puts
 * them there on the first run (240 MB, nearly all of it Restate's server); without a network they are missing by name.
 */

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";

const VERSIONS = {
  bullmq: "6.7.0",
  ioredis: "6.0.0",
  "@restatedev/restate-server": "1.7.12",
  "@restatedev/restate-sdk": "1.17.2",
  "@restatedev/restate-sdk-clients": "1.17.2",
} as const;

export type PackageName = keyof typeof VERSIONS;

const FOLDER = join(import.meta.dirname, "../.peers");
const MANIFEST = join(FOLDER, "package.json");
/** Written when all of it is there: an installation that was interrupted has none. */
const INSTALLED = join(FOLDER, "installed.json");
const WITHIN_MS = 600_000;

/** Puts the packages there if they are not. @throws Error with what npm said */
export async function installPackages(): Promise<void> {
  const wanted = JSON.stringify({ private: true, dependencies: VERSIONS }, null, 2);
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, "utf8") === wanted) return;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(MANIFEST, wanted);
  console.log(`\ninstalling the peers' packages in ${FOLDER}`);
  await promisify(execFile)("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: FOLDER,
    timeout: WITHIN_MS,
  });
  writeFileSync(INSTALLED, wanted);
}

export function versionOf(name: PackageName): string {
  return VERSIONS[name];
}

const require = createRequire(MANIFEST);

/** A package of theirs. Its types are not there when Mayfly's are checked, so the caller says which part of them it uses. */
export function load<T>(name: PackageName): T {
  return require(name) as T;
}

/** The path of a file in them. @throws Error where this computer's platform has none */
export function fileIn(specifier: string): string {
  return require.resolve(specifier);
}

/** The init as a program on disk, where it can be started from. */

import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { INIT_BINARIES } from "./init-binaries.generated.ts";

/**
 * Writes the program for a processor, unless it is there.
 * @param arch as Node calls it; default: this computer's
 * @throws Error where there is none for it
 */
export function installInit(directory: string, arch: string = process.arch): string {
  const encoded = INIT_BINARIES[arch];
  if (encoded === undefined) throw new Error(`there is no init for ${arch} processors`);
  const program = Buffer.from(encoded, "base64");
  const path = join(directory, "mayfly-init");
  if (existsSync(path) && readFileSync(path).equals(program)) return path;
  mkdirSync(directory, { recursive: true });
  // A program that runs can not be written to.
  writeFileSync(`${path}.new`, program);
  chmodSync(`${path}.new`, 0o755);
  renameSync(`${path}.new`, path);
  return path;
}

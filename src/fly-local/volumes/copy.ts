/** Copies of whole directories, with owners, modes, times, links and holes as they are. */

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { lstat, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { endOf } from "../processes/child.ts";

/** Fills a new directory with all that another has. Rejects where something could not be copied. */
export async function copyDirectory(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  // Node's own copy leaves owners and hard links behind.
  const child = spawn("cp", ["-a", `${from}/.`, `${to}/`], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => {
    said += bytes;
  });
  const { code, signal } = await endOf(child, "close");
  if (code !== 0 || signal !== null) throw new Error(`cp failed: ${said.trim()}`);
}

/** The bytes of all files, and a digest that changes with any name, size or time. */
export async function measureDirectory(path: string): Promise<{ bytes: number; digest: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  const entries = await readdir(path, { recursive: true });
  for (const name of entries.sort()) {
    const facts = await lstat(join(path, name));
    if (facts.isFile()) bytes += facts.size;
    hash.update(`${name}\0${facts.isFile() ? facts.size : 0}\0${facts.mtimeMs}\n`);
  }
  return { bytes, digest: `sha256:${hash.digest("hex")}` };
}

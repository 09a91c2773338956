/** Copies of an image's `passwd` and `group`, as a container engine has its other files. */

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { extract } from "tar-stream";
import { remove } from "../processes/container/container.ts";
import { callEngine, type Engine } from "../processes/container/engine.ts";
import { labelArgs } from "../processes/container/run-args.ts";
import { freshName } from "../processes/leftovers.ts";
import { NO_COMMAND } from "./engine.ts";
import { ACCOUNTS_MAX_BYTES } from "./limits.ts";

const FILES = ["/etc/passwd", "/etc/group"];

/**
 * Once for each image: a container is made, which is never started, and the files are read out of it.
 * @param directory of all images' copies
 * @returns a directory that has them where an image's root would
 */
export async function copyAccounts(
  engine: Engine,
  id: string,
  labels: Readonly<Record<string, string>>,
  directory: string,
): Promise<string> {
  const place = join(directory, id.replace(":", "-"));
  if (existsSync(place)) return place;
  const beside = join(directory, randomBytes(6).toString("hex"));
  mkdirSync(join(beside, "etc"), { recursive: true });
  const name = freshName();
  try {
    await callEngine(engine, ["create", "--name", name, ...labelArgs(labels), id, NO_COMMAND]);
    for (const file of FILES) {
      const content = await fileOf(engine, name, file);
      if (content !== null) writeFileSync(join(beside, file), content);
    }
    renameSync(beside, place);
    return place;
  } finally {
    await remove(engine, name);
    rmSync(beside, { recursive: true, force: true });
  }
}

/** Null where the image has none. It comes as a tar of one entry. */
async function fileOf(engine: Engine, container: string, path: string): Promise<Buffer | null> {
  // podman follows links by itself.
  const follows = engine.kind === "docker" ? ["--follow-link"] : [];
  const args = ["cp", ...follows, `${container}:${path}`, "-"];
  const options = { encoding: "buffer", maxBuffer: ACCOUNTS_MAX_BYTES } as const;
  const found = await promisify(execFile)(engine.program, args, options).catch(() => null);
  if (found === null) return null;
  const entries = extract();
  entries.end(found.stdout);
  const chunks: Buffer[] = [];
  for await (const entry of entries) for await (const chunk of entry) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Where what all sandboxes of a server share is: in its state, or beside it where an overlay could not be told of that. */

import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the options of an overlay take without escaping. */
export const PLAIN_PATH = /^[\w./@+-]+$/;

/** Another directory has another name, and the next server of the same one finds there what the last has left. */
export function sandboxBase(directory: string): string {
  if (PLAIN_PATH.test(directory)) return directory;
  const digest = createHash("sha256").update(directory).digest("hex").slice(0, 16);
  return join(tmpdir(), `mayfly-sandbox-${process.getuid?.()}-${digest}`);
}

/**
 * Makes it, unless it is there.
 * @throws Error where somebody else could write to it, for anybody can make directories in /tmp
 */
export function makeSandboxBase(directory: string): string {
  const base = sandboxBase(directory);
  mkdirSync(base, { recursive: true, mode: base === directory ? 0o777 : 0o700 });
  if (base === directory) return base;
  const { mode, uid } = lstatSync(base);
  if ((mode & OF_ITS_OWNER) !== DIRECTORY_OF_ITS_OWNER || uid !== process.getuid?.())
    throw new Error(`${base} is there already, and is no directory of this user's alone`);
  return base;
}

/** Bits of a file's mode: what it is, and what others may do with it (inode(7)). */
const OF_ITS_OWNER = 0o170077;
const DIRECTORY_OF_ITS_OWNER = 0o040000;

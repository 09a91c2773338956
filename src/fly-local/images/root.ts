/**
 * A directory that is seen as a whole file system: whatever an image names is looked up in it as a process with this root
 * would, so that no name and no link leads out of it. Nobody else changes it meanwhile.
 */

import {
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
} from "node:fs";
import { join } from "node:path";
import { ImageError } from "./error.ts";
import { LINKS_MAX } from "./limits.ts";

/** The parts of a name in an archive. @throws ImageError where it leads out of the root */
export function partsIn(name: string): string[] {
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) throw new ImageError(`"${name}" leads out of the image`);
  }
  return parts;
}

/**
 * The true path of a directory, all links followed.
 * @param make makes what is not there
 * @returns null where it is not there, or is none
 */
export function directoryIn(root: string, parts: readonly string[], make: boolean): string | null {
  const found = walk(root, parts, make);
  if (found === null) return null;
  if (found.kind === "directory") return found.path;
  if (make) throw new ImageError(`"${parts.join("/")}" is below something that is no directory`);
  return null;
}

/** The text of a file of the image, its beginning where it is longer than that; null where there is none. */
export function readIn(root: string, name: string, maxBytes: number): string | null {
  const found = walk(root, partsIn(name), false);
  if (found?.kind !== "other" || !lstatSync(found.path).isFile()) return null;
  const fd = openSync(found.path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const bytes = Buffer.alloc(Math.min(maxBytes, lstatSync(found.path).size));
    return bytes.subarray(0, readSync(fd, bytes)).toString("utf8");
  } finally {
    closeSync(fd);
  }
}

/** The true path of a regular file, or null. */
export function fileIn(root: string, name: string): string | null {
  const found = walk(root, partsIn(name), false);
  return found?.kind === "other" && lstatSync(found.path).isFile() ? found.path : null;
}

/** What stands at a path itself, a link unfollowed. */
export function standing(path: string): BigIntStats | null {
  return lstatSync(path, { throwIfNoEntry: false, bigint: true }) ?? null;
}

interface Found {
  path: string;
  kind: "directory" | "other";
}

function walk(root: string, parts: readonly string[], make: boolean): Found | null {
  const real: string[] = [];
  const ahead = parts.toReversed();
  let links = 0;
  while (ahead.length > 0) {
    const part = ahead.pop() ?? "";
    if (part === "" || part === ".") continue;
    if (part === "..") {
      // Above the root is the root, as for any process.
      real.pop();
      continue;
    }
    const path = join(root, ...real, part);
    const there = standing(path);
    if (there === null) {
      if (!make) return null;
      mkdirSync(path, 0o755);
      real.push(part);
    } else if (there.isSymbolicLink()) {
      if (++links > LINKS_MAX) throw new ImageError(`"${parts.join("/")}" is behind too many links`);
      const target = readlinkSync(path);
      if (target.startsWith("/")) real.length = 0;
      ahead.push(...target.split("/").toReversed());
    } else if (there.isDirectory()) {
      real.push(part);
    } else {
      return ahead.some((rest) => rest !== "" && rest !== ".")
        ? make
          ? { path, kind: "other" }
          : null
        : { path, kind: "other" };
    }
  }
  return { path: join(root, ...real), kind: "directory" };
}

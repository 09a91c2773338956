/** Puts a file into a Machine's root from outside, without ever following a link out of it. */

import { chmodSync, lstatSync, mkdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { posix } from "node:path";

const LINKS_MAX = 40;
const MODE_DEFAULT = 0o644;

/** @param root the root as seen from here, such as `/proc/<pid>/root` */
export function placeFile(root: string, path: string, content: Buffer | string, mode = MODE_DEFAULT): void {
  const parent = posix.join(root, realDirectory(root, posix.dirname(path)));
  const target = posix.join(parent, posix.basename(path));
  // A link in its place is replaced: what it points to is not what was asked for.
  if (kindOf(target) === "link") rmSync(target);
  writeFileSync(target, content);
  chmodSync(target, mode);
}

/** Resolves the links of a directory's path as inside the root, and makes what is missing. */
function realDirectory(root: string, path: string): string {
  const pending = path.split("/").filter(Boolean);
  let at = "/";
  for (let links = 0; pending.length > 0; ) {
    const name = pending.shift() ?? "";
    if (name === ".") continue;
    const next = posix.join(at, name);
    const kind = kindOf(root + next);
    if (kind === "link") {
      if (++links > LINKS_MAX) throw new Error(`too many links in ${path}`);
      const link = readlinkSync(root + next);
      pending.unshift(...link.split("/").filter(Boolean));
      if (link.startsWith("/")) at = "/";
      continue;
    }
    if (kind === "nothing") mkdirSync(root + next, 0o755);
    at = next;
  }
  return at;
}

function kindOf(path: string): "link" | "other" | "nothing" {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found === undefined ? "nothing" : found.isSymbolicLink() ? "link" : "other";
}

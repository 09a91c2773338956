/**
 * Directories by their true paths, all links followed: what is mounted in a machine's root before that is its root would
 * follow a link out of it.
 */

import { mkdirSync, realpathSync, statSync } from "node:fs";

/** The server's own directory, made where it is not there. @throws Error where it can not be */
export function madeDirectory(path: string): string {
  mkdirSync(path, { recursive: true });
  return realpathSync(path);
}

/**
 * A directory that machines are not to see.
 * @throws Error where it is none: a machine that could not be kept from it would be given less isolation, or none
 */
export function directoryToHide(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Error(`--hide ${path}: there is no such directory; one that is there is expected`);
  return realpathSync(path);
}

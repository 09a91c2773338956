/**
 * Where what Machines write is kept: a folder of this computer's disk for each, since what lies in memory would count as
 * memory that the Machine uses, and a Machine may write more than it has of that. They are removed together once in a
 * while, by a program of its own, as there can be much in them and nobody waits for it.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { freshName, isLeftover } from "../leftovers.ts";

/** Names in one command line are bounded (execve(2)); so is how long something stays. */
const REMOVED_AT_ONCE_MAX = 1_000;
const REMOVE_DELAY_MS = 500;

/** Folders of a disk that are put into the Machine as they are, with their modes. */
export const DISK_FOLDERS = { tmp: 0o1777, root: 0o700 } as const;

export interface Disks {
  /** Makes an empty one. @returns its path */
  make(): string;
  /** @param path whose Machine has ended */
  remove(path: string): void;
  /** Settles when all that were to be removed are. */
  close(): Promise<void>;
}

export function disksIn(directory: string): Disks {
  mkdirSync(directory, { recursive: true });
  const leaving = readdirSync(directory).filter(isLeftover);
  let timer: NodeJS.Timeout | null = null;
  let removing: Promise<void> = Promise.resolve();
  const removeSome = async (): Promise<void> => {
    for (let names = take(); names.length > 0; names = take()) await removed(directory, names);
  };
  const take = () => leaving.splice(0, REMOVED_AT_ONCE_MAX);
  const removeSoon = () => {
    timer ??= setTimeout(() => {
      timer = null;
      removing = removing.then(removeSome);
    }, REMOVE_DELAY_MS);
  };
  if (leaving.length > 0) removeSoon();
  return {
    make: () => {
      const name = freshName();
      const path = join(directory, name);
      mkdirSync(path);
      for (const [folder, mode] of Object.entries(DISK_FOLDERS)) {
        mkdirSync(join(path, folder));
        // Not subject to the umask.
        chmodSync(join(path, folder), mode);
      }
      return path;
    },
    remove: (path) => {
      leaving.push(path.slice(directory.length + 1));
      removeSoon();
    },
    close: async () => {
      if (timer !== null) clearTimeout(timer);
      await removing.then(removeSome);
    },
  };
}

/** Does something with an empty disk, where there are any, and removes it. */
export async function withDisk<T>(
  disks: Disks | null,
  use: (path: string | undefined) => Promise<T>,
): Promise<T> {
  const disk = disks?.make();
  try {
    return await use(disk);
  } finally {
    if (disk !== undefined) disks?.remove(disk);
  }
}

/** What can not be removed stays, and the next start tries again. */
async function removed(directory: string, names: readonly string[]): Promise<void> {
  const child = spawn("rm", ["-rf", "--", ...names], { cwd: directory, stdio: "ignore" });
  await once(child, "close").catch(() => {});
}

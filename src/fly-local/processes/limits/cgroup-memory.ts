/** A group's memory while something runs in it: its limit changes, and what the kernel can take back is taken back. */

import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type GuestMemory, MemoryInUse } from "../level.ts";

/** The files of one version of cgroups. */
export interface MemoryFiles {
  /** What a group may use; those after the first are not on every kernel. */
  readonly limits: readonly string[];
  /** What it uses. */
  readonly usage: string;
  /** Takes back at least so many bytes as are written there, as far as there are. */
  readonly reclaim: string;
}

export function cgroupMemory(directory: string, files: MemoryFiles): GuestMemory {
  const read = (name: string) => Number.parseInt(readFileSync(join(directory, name), "latin1"), 10);
  // Both can take the kernel a while, in which the server has others to serve.
  const write = async (name: string, bytes: number, tolerated: readonly string[] = []) => {
    try {
      await writeFile(join(directory, name), String(bytes), { flag: "r+" });
    } catch (error) {
      if (!tolerated.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  };
  const reclaim = async (bytes: number) => {
    const before = read(files.usage);
    // Less than was asked for is no failure (cgroup-v2, memory.reclaim).
    await write(files.reclaim, bytes, ["EAGAIN"]);
    return Math.max(0, before - read(files.usage));
  };
  const [first = "", ...others] = files.limits;
  const setAll = async (bytes: number, isRaise: boolean) => {
    const writes = [() => write(first, bytes), ...others.map((name) => () => write(name, bytes, ["ENOENT"]))];
    // In version 1 memory alone may at no time have more than memory and swap together.
    for (const each of isRaise ? writes.toReversed() : writes) await each();
  };
  return {
    limit: async (bytes) => {
      const old = read(first);
      const excess = read(files.usage) - bytes;
      if (excess > 0) await reclaim(excess);
      // What is left would be taken by killing.
      if (read(files.usage) > bytes) throw new MemoryInUse(read(files.usage));
      try {
        await setAll(bytes, bytes > old);
      } catch (error) {
        await setAll(old, true);
        if ((error as NodeJS.ErrnoException).code === "EBUSY") throw new MemoryInUse(read(files.usage));
        throw error;
      }
    },
    reclaim,
  };
}

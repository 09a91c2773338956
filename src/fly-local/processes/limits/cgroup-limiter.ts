/** Holds Machines to their size by cgroups, of either version: what differs between those is in `dialect`. */

import { readFileSync } from "node:fs";
import { MOUNT, mount, type Operation } from "../init/operations.ts";
import type { Amounts } from "./amounts.ts";
import { entering, makeIn, removeAll, removeLeftovers } from "./cgroup-directories.ts";
import { cgroupMemory, type MemoryFiles } from "./cgroup-memory.ts";
import type { Enforcement, Limiter } from "./limiter.ts";

/** How one version of cgroups is spoken to. */
export interface Dialect {
  readonly enforcement: Enforcement;
  /** The groups in which a group for each Machine is made. */
  readonly parents: readonly string[];
  /** Of the group of the first parent. */
  readonly memory: MemoryFiles;
  /** @param directories one for each parent */
  set(directories: readonly string[], amounts: Amounts): void;
  /** The file that counts OOM kills. */
  oomFile(directories: readonly string[]): string;
}

export function cgroupLimiter(dialect: Dialect): Limiter {
  removeLeftovers(dialect.parents);
  const removals = new Set<Promise<void>>();
  return {
    enforcement: dialect.enforcement,
    fence: () => {
      const directories = makeIn(dialect.parents);
      return {
        enter: entering(directories),
        counter: (root) => readable(dialect.oomFile(directories), `${root}/proc/vmstat`),
        set: async (amounts) => dialect.set(directories, amounts),
        memory: cgroupMemory(directories[0] ?? "", dialect.memory),
        oomKills: () => oomKillsIn(dialect.oomFile(directories)),
        remove: () => {
          const removal = removeAll(directories).finally(() => removals.delete(removal));
          removals.add(removal);
        },
      };
    },
    close: async () => {
      await Promise.all(removals);
    },
  };
}

/** Its writes are settings of the group, which are not the Machine's to change. */
function readable(file: string, path: string): Operation[] {
  const { bind, remount, readOnly, noSuid, noDev, noExec } = MOUNT;
  return [
    mount(file, path, "", bind),
    mount("none", path, "", bind | remount | readOnly | noSuid | noDev | noExec),
  ];
}

/** Both versions have a line "oom_kill N", as the kernel's own `/proc/vmstat` does. */
function oomKillsIn(file: string): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync(file, "latin1"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

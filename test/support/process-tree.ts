/** Processes of this computer as /proc tells of them. */

import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";

/** Processes that run a program of this name, below the given one in the tree. Linux only. */
export function descendantsRunning(program: string, ancestor: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const parent = /\d+/.exec(afterName(Number(name)))?.[0];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === ancestor || isBelow(parent));
  };
  return [...parents.keys()].filter((pid) => isBelow(pid) && basename(programOf(pid)) === program);
}

/** State, parent and what follows: a program's name may hold anything but ends at the last parenthesis. */
function afterName(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 1);
  } catch {
    return "";
  }
}

function programOf(pid: number): string {
  return commandLineOf(pid)[0] ?? "";
}

/** A process's program and arguments; none of one that is gone. */
export function commandLineOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

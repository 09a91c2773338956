/** Processes of jobs that nobody looks after: their engine was started from here, and none of its living programs is above them. */

import { allProcesses, parentOf, readProc } from "../../src/fly-local/processes/tree.ts";

/** Whoever has lost its parent is the first process's child. */
const FIRST = 1;

/** @param mark in the arguments of every job's process; @returns their ids. Linux only */
export function orphans(mark: string): number[] {
  return allProcesses().filter(
    (pid) => readProc(`${pid}/cmdline`)?.split("\0").includes(mark) && isOrphan(pid),
  );
}

/** Followed upwards and not looked up in a list: what ends meanwhile has no parent, and is no orphan. */
function isOrphan(pid: number): boolean {
  let above = parentOf(pid);
  while (above > FIRST && above !== process.pid) above = parentOf(above);
  return above === FIRST;
}

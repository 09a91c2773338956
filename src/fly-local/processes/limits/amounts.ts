/** What a Machine's size means where its processes run on this computer. */

import { GUEST_DEFAULT, type Guest } from "../../machines/guest.ts";

export interface Amounts {
  readonly memoryBytes: number;
  /** Whole CPUs that its processes may keep busy together. */
  readonly cpus: number;
  /** Processes and threads. */
  readonly pids: number;
}

const MIB = 1 << 20;
/**
 * What Linux itself allows in a computer of this much memory: an eighth of it for stacks of 16 KiB (kernel/fork.c,
 * set_max_threads). Fly names no limit of its own, so its VMs have this one.
 */
const PIDS_PER_MIB = 8;

/** What CPU time is counted in, of both versions of cgroups: the kernel's own default (cgroup-v2, cpu.max). */
export const PERIOD_US = 100_000;

/**
 * A shared CPU counts as a whole one. Fly throttles it to a small share once its burst is used up and publishes neither
 * figure; here nobody else pays for the computer.
 * @param pidsMax in place of what the memory gives
 */
export function amountsOf(guest: Guest | undefined, pidsMax?: number): Amounts {
  const { cpus, memory_mb } = guest ?? GUEST_DEFAULT;
  return { memoryBytes: memory_mb * MIB, cpus, pids: pidsMax ?? memory_mb * PIDS_PER_MIB };
}

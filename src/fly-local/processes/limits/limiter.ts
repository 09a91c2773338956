/** What holds Machines to their size: one interface; by cgroups, or where those can not be written by watching. */

import type { Init } from "../init/init.ts";
import type { Operation } from "../init/operations.ts";
import type { GuestMemory } from "../level.ts";
import type { Amounts } from "./amounts.ts";

/** What of a Machine's size can be held to. */
export type Kind = "memory" | "cpus" | "pids";

/** What is in force, as Machines and `mayfly doctor` tell it. */
export interface Enforcement {
  readonly by: "cgroup v2" | "cgroup v1" | "memory watch";
  readonly kinds: readonly Kind[];
  /** Of a Machine; absent where its memory gives it. */
  readonly pidsMax?: number;
}

export interface Limiter {
  readonly enforcement: Enforcement;
  /** Room for one Machine, whose size need not be known yet. @throws Error where it can not be made */
  fence(): Fence;
  /** Settles when nothing of it is left on the computer. */
  close(): Promise<void>;
}

/** What is around the processes of one Machine. */
export interface Fence {
  /** How its init gets in, before it makes namespaces. */
  readonly enter: readonly Operation[];
  /**
   * What its init does before `root` becomes its root, so that whoever asks there why a command died is told of this
   * Machine's kills, where the kernel counts those of the whole computer.
   */
  readonly counter: (root: string) => readonly Operation[];
  /** Holds what runs inside to a size from now on. */
  set(amounts: Amounts, init: Init): Promise<void>;
  /** Once its size is set. */
  readonly memory: GuestMemory;
  /** How many processes were killed for want of memory. */
  oomKills(): number;
  /** To be called when no process is left in it. */
  remove(): void;
}

/**
 * What an init does to become a Machine inside a fence.
 * @param operations what it does without one, of which the last makes `root` the root
 */
export function insideFence(fence: Fence, operations: readonly Operation[], root: string): Operation[] {
  return [...fence.enter, ...operations.slice(0, -1), ...fence.counter(root), ...operations.slice(-1)];
}

/** For a line of text: "memory, CPUs and processes by cgroup v2". */
export function enforcementText(enforcement: Enforcement): string {
  const names = { memory: "memory", cpus: "CPUs", pids: "processes" };
  const [last = "", ...before] = enforcement.kinds.map((kind) => names[kind]).toReversed();
  const kinds = before.length === 0 ? last : `${before.toReversed().join(", ")} and ${last}`;
  return `${kinds} by ${enforcement.by}`;
}

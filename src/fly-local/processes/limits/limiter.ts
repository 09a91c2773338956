/** What holds Machines to their size: one interface; by cgroups, or where those can not be written by watching. */

import type { Init } from "../init/init.ts";
import type { Operation } from "../init/operations.ts";
import type { Amounts } from "./amounts.ts";

/** What of a Machine's size can be held to. */
export const KINDS = ["memory", "cpus", "pids"] as const;
export type Kind = (typeof KINDS)[number];

/** What is in force, as Machines and `mayfly doctor` tell it. */
export interface Enforcement {
  readonly by: "cgroup v2" | "cgroup v1" | "memory watch" | "docker" | "podman";
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
  /** Holds what runs inside to a size from now on. */
  set(amounts: Amounts, init: Init): Promise<void>;
  /** How many processes were killed for want of memory. */
  oomKills(): number;
  /** To be called when no process is left in it. */
  remove(): void;
}

/** For a line of text: "memory, CPUs and processes by cgroup v2". */
export function enforcementText(enforcement: Enforcement): string {
  const names = { memory: "memory", cpus: "CPUs", pids: "processes" };
  const [last = "", ...before] = enforcement.kinds.map((kind) => names[kind]).toReversed();
  const kinds = before.length === 0 ? last : `${before.toReversed().join(", ")} and ${last}`;
  return `${kinds} by ${enforcement.by}`;
}

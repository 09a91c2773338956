/** cgroups of version 2: one hierarchy, whose groups pass on controllers to those below (kernel documentation, cgroup-v2). */

import { dirname } from "node:path";
import { PERIOD_US } from "./amounts.ts";
import { setting, WITHOUT_SWAP } from "./cgroup-directories.ts";
import type { Dialect } from "./cgroup-limiter.ts";
import type { MemoryFiles } from "./cgroup-memory.ts";
import type { CgroupPlace } from "./cgroup-places.ts";
import type { Kind } from "./limiter.ts";

/** Taking back is for kernels since 5.19. */
const MEMORY: MemoryFiles = { limits: ["memory.max"], usage: "memory.current", reclaim: "memory.reclaim" };
/** Memory first: a group with processes may pass on the others, and can then not have its processes moved out for memory. */
const CONTROLLERS: Readonly<Record<string, Kind>> = { memory: "memory", cpu: "cpus", pids: "pids" };

/** What is read and asked of the computer. */
export interface CgroupFiles {
  /** Text of a group's file, or null where it is not there. */
  read(directory: string, name: string): string | null;
  /** Whether a group can be made there. */
  isWritable(directory: string): boolean;
  /** Passes a controller on to the groups below. @returns whether that went well */
  passOn(directory: string, controller: string): boolean;
}

/**
 * Groups below the server's own, or below one above it: a group that has processes can not pass on controllers, so most
 * groups above have what the server's own lacks. It goes up only past groups that set no limits of their own, which Machines
 * would get out of.
 * @returns the possible ones, best first: whether a process may be moved there only shows when it is tried
 */
export function* cgroupV2(place: CgroupPlace, files: CgroupFiles): Generator<Dialect> {
  for (let directory = place.directory; ; directory = dirname(directory)) {
    if (files.isWritable(directory)) {
      const kinds = passedOn(directory, directory === place.directory, files);
      if (kinds.includes("memory")) yield dialect(directory, kinds);
    }
    if (directory === place.mountPoint || isLimited(directory, files)) return;
  }
}

function passedOn(directory: string, isOwn: boolean, files: CgroupFiles): Kind[] {
  const words = (name: string) => (files.read(directory, name) ?? "").split(/\s+/).filter(Boolean);
  const passed = new Set(words("cgroup.subtree_control"));
  const known = new Set(words("cgroup.controllers"));
  // What groups above the own one pass on is not ours to change.
  for (const controller of isOwn ? Object.keys(CONTROLLERS) : [])
    if (known.has(controller) && !passed.has(controller)) {
      if (!files.passOn(directory, controller)) break;
      passed.add(controller);
    }
  return Object.entries(CONTROLLERS).flatMap(([controller, kind]) => (passed.has(controller) ? [kind] : []));
}

function isLimited(directory: string, files: CgroupFiles): boolean {
  return ["memory.max", "cpu.max"].some(
    (name) => !/^(max|$)/.test((files.read(directory, name) ?? "").trim()),
  );
}

function dialect(parent: string, kinds: readonly Kind[]): Dialect {
  return {
    enforcement: { by: "cgroup v2", kinds },
    parents: [parent],
    memory: MEMORY,
    set: ([directory = ""], { memoryBytes, cpus, pids }) => {
      setting(directory, "memory.max", String(memoryBytes));
      setting(directory, "memory.swap.max", "0", WITHOUT_SWAP);
      if (kinds.includes("cpus")) setting(directory, "cpu.max", `${cpus * PERIOD_US} ${PERIOD_US}`);
      if (kinds.includes("pids")) setting(directory, "pids.max", String(pids));
    },
    oomFile: ([directory]) => `${directory}/memory.events`,
  };
}

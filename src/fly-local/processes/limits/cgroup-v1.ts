/** cgroups of version 1: a hierarchy for each controller (kernel documentation, admin-guide/cgroup-v1). */

import { PERIOD_US } from "./amounts.ts";
import { setting, WITHOUT_SWAP } from "./cgroup-directories.ts";
import type { Dialect } from "./cgroup-limiter.ts";
import type { MemoryFiles } from "./cgroup-memory.ts";
import { controllerPlace } from "./cgroup-places.ts";
import type { Kind } from "./limiter.ts";

const MEMORY: MemoryFiles = {
  limits: ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"],
  usage: "memory.usage_in_bytes",
  // Takes back all that it can, whatever is written.
  reclaim: "memory.force_empty",
};
const CONTROLLERS: readonly { kind: Kind; controller: string }[] = [
  { kind: "memory", controller: "memory" },
  { kind: "cpus", controller: "cpu" },
  { kind: "pids", controller: "pids" },
];

/**
 * Groups below the ones that the server itself is in, so that what holds for the server holds for its Machines; null where
 * memory has no hierarchy.
 * @param isWritable tells whether a group can be made there
 */
export function cgroupV1(
  mountinfo: string,
  membership: string,
  isWritable: (directory: string) => boolean,
): Dialect | null {
  const found = CONTROLLERS.flatMap(({ kind, controller }) => {
    const place = controllerPlace(mountinfo, membership, controller);
    return place !== null && isWritable(place.directory) ? [{ kind, directory: place.directory }] : [];
  });
  if (found[0]?.kind !== "memory") return null;
  const kinds = found.map(({ kind }) => kind);
  const of = (kind: Kind, directories: readonly string[]) => directories[kinds.indexOf(kind)];
  return {
    enforcement: { by: "cgroup v1", kinds },
    parents: found.map(({ directory }) => directory),
    memory: MEMORY,
    set: (directories, { memoryBytes, cpus, pids }) => {
      const [memory = ""] = directories;
      setting(memory, "memory.limit_in_bytes", String(memoryBytes));
      // Memory and swap together: no swap.
      setting(memory, "memory.memsw.limit_in_bytes", String(memoryBytes), WITHOUT_SWAP);
      const [cpuGroup, pidsGroup] = [of("cpus", directories), of("pids", directories)];
      // More than a group above has is refused, and what that has holds all the same.
      if (cpuGroup !== undefined) setting(cpuGroup, "cpu.cfs_quota_us", String(cpus * PERIOD_US), ["EINVAL"]);
      if (pidsGroup !== undefined) setting(pidsGroup, "pids.max", String(pids));
    },
    oomFile: ([memory]) => `${memory}/memory.oom_control`,
  };
}

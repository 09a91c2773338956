/**
 * What a container's own cgroup tells inside of it, where both docker and podman have it, read by the init: an engine may run
 * its containers on another computer than this, podman 4.3 ignores limits that it has no rights to set, and neither it nor
 * docker 20.10 tells of an OOM kill as long as PID 1 lives.
 */

import type { Init } from "../init/init.ts";
import { readNumber } from "../init/operations.ts";
import { type Amounts, PERIOD_US } from "../limits/amounts.ts";
import type { Kind } from "../limits/limiter.ts";

/** Of version 2, and of version 1. */
const FILES = {
  oomKills: ["memory.events", "memory/memory.oom_control"],
  memory: ["memory.max", "memory/memory.limit_in_bytes"],
  cpus: ["cpu.max", "cpu/cpu.cfs_quota_us"],
  pids: ["pids.max", "pids/pids.max"],
};

/** Processes that were killed for want of memory. */
export async function oomKills(init: Init): Promise<number> {
  return (await numberIn(init, FILES.oomKills, "oom_kill ")) ?? 0;
}

/** Of these, what the container is held to. */
export async function kindsInForce(
  init: Init,
  { memoryBytes, cpus, pids }: Amounts,
  kinds: readonly Kind[],
): Promise<Kind[]> {
  const expected = { memory: memoryBytes, cpus: cpus * PERIOD_US, pids };
  const inForce: Kind[] = [];
  for (const kind of kinds)
    if ((await numberIn(init, FILES[kind], "")) === expected[kind]) inForce.push(kind);
  return inForce;
}

/** Null where no file has it. */
async function numberIn(init: Init, files: readonly string[], name: string): Promise<number | null> {
  for (const file of files) {
    const found = await init.number(readNumber(`/sys/fs/cgroup/${file}`, name)).catch(() => null);
    if (found !== null) return found;
  }
  return null;
}

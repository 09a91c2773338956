/** Finds what Machines can be held to their size with here, by starting the real launcher with each in turn. */

import { accessSync, constants, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeInit } from "../init/init.ts";
import { withDisk } from "../sandbox/disks.ts";
import type { SandboxPlan } from "../sandbox/sandbox-probe.ts";
import { descendantsOf, parentOf } from "../tree.ts";
import { amountsOf } from "./amounts.ts";
import { removeAll, setting } from "./cgroup-directories.ts";
import { cgroupLimiter, type Dialect } from "./cgroup-limiter.ts";
import { ownMembership, ownMountinfo, unifiedPlace } from "./cgroup-places.ts";
import { cgroupV1 } from "./cgroup-v1.ts";
import { type CgroupFiles, cgroupV2 } from "./cgroup-v2.ts";
import { insideFence, type Limiter } from "./limiter.ts";
import { memoryWatch } from "./memory-watch.ts";

export interface LimiterChoice {
  readonly limiter: Limiter;
  /** Why it is no cgroup; null where it is one. */
  readonly lack: string | null;
}

export async function chooseLimiter(plan: SandboxPlan): Promise<LimiterChoice> {
  const [mountinfo, membership] = [ownMountinfo(), ownMembership()];
  const unified = unifiedPlace(mountinfo, membership);
  let lack = "no cgroup with a memory controller can be written";
  const tried = async (dialect: Dialect | null): Promise<LimiterChoice | null> => {
    if (dialect === null) return null;
    const limiter = cgroupLimiter(dialect);
    const failure = await failureOf(limiter, plan);
    if (failure === null) return { limiter, lack: null };
    lack = failure;
    return null;
  };
  for (const dialect of unified === null ? [] : cgroupV2(unified, files)) {
    const choice = await tried(dialect);
    if (choice !== null) return choice;
  }
  const choice = await tried(cgroupV1(mountinfo, membership, files.isWritable));
  return choice ?? { limiter: memoryWatch(), lack };
}

async function failureOf(limiter: Limiter, plan: SandboxPlan): Promise<string | null> {
  try {
    const fence = limiter.fence();
    try {
      await withDisk(plan.disks, async (disk) => {
        const init = await makeInit(plan.zygote, insideFence(fence, plan.tried, plan.root), disk);
        try {
          await fence.set(amountsOf(undefined), init);
        } finally {
          init.kill();
          await init.gone;
        }
      });
      return null;
    } finally {
      fence.remove();
      await limiter.close();
    }
  } catch (error) {
    return (error as Error).message;
  }
}

const files: CgroupFiles = {
  read: (directory, name) => {
    try {
      return readFileSync(join(directory, name), "latin1");
    } catch {
      return null;
    }
  },
  isWritable: (directory) => {
    try {
      accessSync(directory, constants.W_OK);
      return true;
    } catch {
      return false;
    }
  },
  passOn: (directory, controller) =>
    isPassedOn(directory, controller) || (isVacated(directory) && isPassedOn(directory, controller)),
};

function isPassedOn(directory: string, controller: string): boolean {
  try {
    setting(directory, "cgroup.subtree_control", `+${controller}`);
    return true;
  } catch {
    return false;
  }
}

/**
 * Moves the server into a group of its own below its group, if there is nobody else but whoever started it: a scope that
 * was made for it (systemd-run --scope -p Delegate=yes).
 */
function isVacated(directory: string): boolean {
  const pids = (files.read(directory, "cgroup.procs") ?? "").split("\n").filter(Boolean).map(Number);
  // What forks its inits is the server's, too.
  const own = [...descendantsOf(process.pid), process.pid];
  // The loop also visits what it appends.
  for (const pid of own) if (pid > 1 && own.length < pids.length) own.push(parentOf(pid));
  if (pids.length === 0 || !pids.every((pid) => own.includes(pid))) return false;
  const server = join(directory, SERVER);
  try {
    mkdirSync(server, { recursive: true });
    for (const pid of pids) setting(server, "cgroup.procs", String(pid));
    return true;
  } catch {
    void removeAll([server]);
    return false;
  }
}

const SERVER = "mayfly-server";

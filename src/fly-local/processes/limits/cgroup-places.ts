/** Where this process stands in each cgroup hierarchy, as directories (cgroups(7)). */

import { readFileSync } from "node:fs";
import { join, posix } from "node:path";

export interface CgroupPlace {
  /** The directory of the group that this process is in. */
  readonly directory: string;
  /** The top of what is mounted of the hierarchy. */
  readonly mountPoint: string;
}

/** The cgroup v2 hierarchy, or null where none is mounted. */
export function unifiedPlace(mountinfo: string, membership: string): CgroupPlace | null {
  const path = pathOf(membership, (controllers) => controllers === "");
  return placeOf(mountinfo, path, (type) => type === "cgroup2");
}

/** The hierarchy of a v1 controller, or null where none is mounted. */
export function controllerPlace(
  mountinfo: string,
  membership: string,
  controller: string,
): CgroupPlace | null {
  const path = pathOf(membership, (controllers) => controllers.split(",").includes(controller));
  return placeOf(
    mountinfo,
    path,
    (type, options) => type === "cgroup" && options.split(",").includes(controller),
  );
}

export function ownMountinfo(): string {
  return readFileSync("/proc/self/mountinfo", "utf8");
}

export function ownMembership(): string {
  return readFileSync("/proc/self/cgroup", "utf8");
}

/** Lines such as "4:memory:/some/group", and "0::/some/group" for v2. */
function pathOf(membership: string, isIt: (controllers: string) => boolean): string | null {
  for (const line of membership.split("\n")) {
    const [, controllers, ...path] = line.split(":");
    if (controllers !== undefined && isIt(controllers)) return path.join(":");
  }
  return null;
}

function placeOf(
  mountinfo: string,
  path: string | null,
  isIt: (type: string, options: string) => boolean,
): CgroupPlace | null {
  if (path === null) return null;
  for (const line of mountinfo.split("\n")) {
    const [place = "", source = ""] = line.split(" - ");
    const [, , , root = "/", mountPoint = ""] = place.split(" ");
    const [type = "", , options = ""] = source.split(" ");
    if (!isIt(type, options)) continue;
    // A container may have its own group mounted as the top.
    const below = posix.relative(root, path);
    if (below.startsWith("..")) continue;
    return { directory: join(mountPoint, below), mountPoint };
  }
  return null;
}

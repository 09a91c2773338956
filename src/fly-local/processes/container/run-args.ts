/** From a Machine to the engine's command line. */

import type { Mount } from "../level.ts";
import type { Amounts } from "../limits/amounts.ts";
import type { Kind } from "../limits/limiter.ts";
import type { Network } from "../network.ts";

export interface ContainerPlan {
  /** The container's name. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What the engine knows the image by. */
  readonly image: string;
  /** The init on this computer. */
  readonly init: string;
  readonly hostname: string;
  readonly network: Network;
  readonly mounts: readonly Mount[];
  readonly amounts: Amounts;
  /** What of the amounts the engine is to hold it to. */
  readonly kinds: readonly Kind[];
}

/** On everything that a server makes at an engine; its value is the state's own mark. */
export const OWNER_LABEL = "mayfly.owner";

/** Where the init is in every container: in a directory that engines make anew, so that it meets nothing of the image's. */
const INIT_PATH = "/dev/mayfly-init";

/**
 * A container whose PID 1 is our init, spoken to over its stdin and stdout. It goes when its stdin is closed: the init ends,
 * and the engine removes it. The image's own command is left to the init, which knows how Fly starts it.
 */
export function runArgs(plan: ContainerPlan): string[] {
  return [
    ...["run", "--interactive", "--rm", "--pull=never", "--log-driver=none", "--no-healthcheck"],
    ...["--name", plan.name, ...labelArgs(plan.labels)],
    ...["--hostname", plan.hostname, "--add-host", `${plan.hostname}:127.0.1.1`],
    ...["--network", plan.network, "--user", "0:0", "--workdir", "/"],
    ...limitArgs(plan.amounts, plan.kinds),
    ...["--entrypoint", INIT_PATH, "--volume", volumeOf({ source: plan.init, path: INIT_PATH }, "ro")],
    ...plan.mounts.flatMap((mount) => ["--volume", volumeOf(mount, "rw")]),
    // The init takes any argument to mean that it is spoken to over stdin and stdout.
    ...[plan.image, "streams"],
  ];
}

export function labelArgs(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]);
}

function limitArgs({ memoryBytes, cpus, pids }: Amounts, kinds: readonly Kind[]): string[] {
  return [
    // Memory and swap together: no swap.
    ...(kinds.includes("memory") ? [`--memory=${memoryBytes}b`, `--memory-swap=${memoryBytes}b`] : []),
    ...(kinds.includes("cpus") ? [`--cpus=${cpus}`] : []),
    ...(kinds.includes("pids") ? [`--pids-limit=${pids}`] : []),
  ];
}

/** Why an engine can not be told of this path, or null. */
export function pathRefusal(path: string): string | null {
  return path.includes(":")
    ? `"${path}" has a colon, which container engines take for the end of a path`
    : null;
}

/** `z` lets containers in where SELinux guards files; elsewhere it means nothing. */
function volumeOf({ source, path }: Mount, access: "ro" | "rw"): string {
  return `${source}:${path}:${access},z`;
}

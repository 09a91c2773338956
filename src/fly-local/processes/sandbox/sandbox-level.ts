/**
 * The level that Linux allows with root or user namespaces: own mounts, processes, IPC and host name, a private layer
 * over this computer's files or an image's. Every command, the main one and each exec, is started by the sandbox's init.
 */

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { FILE_MODE_DEFAULT, putFiles } from "../guest-files.ts";
import { makeDirectories, type Operation, putFile, setHostname } from "../init/operations.ts";
import { startGuest } from "../init-guest.ts";
import type { GuestPlan, Level } from "../level.ts";
import { amountsOf } from "../limits/amounts.ts";
import type { Limiter } from "../limits/limiter.ts";
import { type Network, networkOf, withoutNetwork } from "../network.ts";
import { endSandbox } from "./make-sandbox.ts";
import type { SandboxPlan } from "./sandbox-probe.ts";
import { spareSandboxes } from "./spare-sandboxes.ts";

const ONE_USER =
  "config.processes: user is refused: the server runs as an ordinary user, in whose sandboxes there is nobody but root; one that runs as root has users";

export interface SandboxOptions {
  /** Processes of a Machine, in place of what its memory gives. */
  readonly pidsMax?: number;
  /** Default: host. */
  readonly network?: Network;
}

/** @param limiter null for no limits */
export function sandboxLevel(
  plan: SandboxPlan,
  limiter: Limiter | null,
  options: SandboxOptions = {},
): Level {
  const { pidsMax } = options;
  const sandboxes = spareSandboxes(plan, limiter);
  const resolv = hiddenResolvConf();
  const files =
    plan.operations === null ? "each machine's image" : "this computer's files, which stand in for the image";
  return {
    name: "sandbox",
    detail: `own namespaces and a private layer over ${files}${options.network === "none" ? "; no network" : ""}`,
    enforcement: limiter === null ? null : { ...limiter.enforcement, ...(pidsMax && { pidsMax }) },
    canBeWithoutNetwork: true,
    fileRefusal: () => null,
    mountRefusal: () => null,
    userRefusal: process.getuid?.() === 0 ? null : ONE_USER,
    start: async (guestPlan) => {
      const { mounts, image } = guestPlan;
      const sandbox = await sandboxes.take(image?.root ?? null, mounts);
      const { init, fence } = sandbox;
      try {
        await fence?.set(amountsOf(guestPlan.machine.config.guest, pidsMax), init);
        const { id, config } = guestPlan.machine;
        const isWithoutNetwork = networkOf(config, options.network ?? "host") === "none";
        await init.operate([
          ...(isWithoutNetwork ? withoutNetwork() : []),
          setHostname(id),
          ...filesOf(guestPlan, resolv),
        ]);
        return await startGuest(guestPlan, init, {
          pid: init.pid,
          hasUsers: process.getuid?.() === 0,
          memory: fence?.memory ?? null,
          hadOomKill: () => (fence?.oomKills() ?? 0) > 0,
          end: () => endSandbox(sandbox),
        });
      } catch (error) {
        await endSandbox(sandbox);
        throw error;
      }
    },
    clean: async () => {},
    close: async () => {
      await sandboxes.close();
      await Promise.all([limiter?.close(), plan.zygote.close()]);
    },
  };
}

function filesOf({ machine, image }: GuestPlan, resolv: string | null): Operation[] {
  const files = putFiles(machine.config);
  if (image !== null) return [...imageFiles(machine.id, image.cwd), ...files];
  return resolv === null ? files : [...putFile(resolv, readFileSync(resolv), FILE_MODE_DEFAULT), ...files];
}

/** What images leave to whoever runs them, as Fly's init does: names of hosts, and the directory that commands start in. */
function imageFiles(hostname: string, cwd: string): Operation[] {
  const hosts = `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t${hostname}\n`;
  return [
    ...putFile("/etc/hosts", Buffer.from(hosts), FILE_MODE_DEFAULT),
    ...(existsSync(RESOLV_CONF) ? putFile(RESOLV_CONF, readFileSync(RESOLV_CONF), FILE_MODE_DEFAULT) : []),
    ...makeDirectories(cwd),
  ];
}

const RESOLV_CONF = "/etc/resolv.conf";

/** Name resolution is configured in /run on many computers, and a Machine's /run is fresh. */
function hiddenResolvConf(): string | null {
  try {
    const path = realpathSync(RESOLV_CONF);
    return path.startsWith("/run/") ? path : null;
  } catch {
    return null;
  }
}

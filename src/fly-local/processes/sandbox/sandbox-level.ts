/**
 * The level that Linux allows with root or user namespaces: own mounts, processes, IPC and host name, a private layer
 * over this computer's files or an image's. Every command, the main one and each exec, is started by the sandbox's init.
 */

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { makeDirectory, type Operation, putFile, setHostname } from "../init/operations.ts";
import { startGuest } from "../init-guest.ts";
import type { GuestPlan, Level, Mount } from "../level.ts";
import { amountsOf } from "../limits/amounts.ts";
import type { Limiter } from "../limits/limiter.ts";
import { type Network, networkOf, withoutNetwork } from "../network.ts";
import { endSandbox, makeSandbox, type Sandbox } from "./make-sandbox.ts";
import type { Probe, SandboxPlan } from "./sandbox-probe.ts";

/** A spare is made a moment after the last was taken, when the Machine that took it has got going. */
const SPARE_DELAY_MS = 40;
const FILE_MODE_DEFAULT = 0o644;
const ONE_USER =
  "config.processes: user is refused: the server runs as an ordinary user, in whose sandboxes there is nobody but root; one that runs as root has users";

/** A sandbox that waits for its Machine. */
interface Spare {
  /** Of the image that it was made with; null for this computer's own files. */
  readonly root: string | null;
  readonly sandbox: Promise<Sandbox>;
}

export interface SandboxOptions {
  /** Processes of a Machine, in place of what its memory gives. */
  readonly pidsMax?: number;
  /** Default: host. */
  readonly network?: Network;
}

/**
 * One empty sandbox is always kept ready, for the image that was used last: making it takes longer than anything else in a
 * Machine's start.
 * @param limiter null for no limits
 */
export function sandboxLevel(
  firstPlan: SandboxPlan,
  limiter: Limiter | null,
  options: SandboxOptions = {},
): Level {
  const { pidsMax } = options;
  let plan = firstPlan;
  let planning: Promise<Probe> | null = null;
  const resolv = hiddenResolvConf();
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  /** Of spares that were made for another image. */
  const unused = new Set<Promise<void>>();
  const operationsOf = (root: string | null) =>
    root === null ? (plan.operations ?? plan.tried) : plan.withImage(root);
  /** Where it is not possible any more as it was planned, that is found out anew. */
  const make = async (root: string | null, mounts: readonly Mount[] = []): Promise<Sandbox> => {
    const failed = plan;
    const made = () => makeSandbox(plan, operationsOf(root), mounts, limiter);
    try {
      return await made();
    } catch (error) {
      if (plan === failed) {
        planning ??= plan.again().finally(() => {
          planning = null;
        });
        const found = await planning;
        if (found.kind === "unable") throw error;
        plan = found.plan;
      }
      return made();
    }
  };
  const ready = (root: string | null): Spare => ({ root, sandbox: kept(make(root)) });
  let spare: Spare | null = plan.operations === null ? null : ready(null);
  const drop = ({ sandbox }: Spare) => {
    const gone = sandbox
      .then(endSandbox)
      .catch(() => {})
      .finally(() => unused.delete(gone));
    unused.add(gone);
  };
  const take = async (root: string | null): Promise<Sandbox> => {
    const taken = spare;
    spare = null;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      if (!closed) spare ??= ready(root);
    }, SPARE_DELAY_MS);
    if (taken !== null && taken.root !== root) drop(taken);
    const sandbox = taken?.root === root ? await taken.sandbox.catch(() => null) : null;
    // A spare may have been killed by hand; only a living one is used.
    if (sandbox?.init.isAlive()) return sandbox;
    sandbox?.clear();
    return make(root);
  };
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
      const root = image?.root ?? null;
      // The spare is past the point from which this computer's directories can be seen.
      const sandbox = await (mounts.length === 0 ? take(root) : make(root, mounts));
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
      closed = true;
      if (timer !== null) clearTimeout(timer);
      const sandbox = await spare?.sandbox.catch(() => null);
      if (sandbox) await endSandbox(sandbox);
      await Promise.all(unused);
      await Promise.all([limiter?.close(), plan.disks?.close(), plan.zygote.close()]);
    },
  };
}

function filesOf({ machine, image }: GuestPlan, resolv: string | null): Operation[] {
  const files = (machine.config.files ?? []).flatMap((file) =>
    putFile(file.guest_path, Buffer.from(file.raw_value ?? "", "base64"), file.mode ?? FILE_MODE_DEFAULT),
  );
  if (image !== null) return [...imageFiles(machine.id, image.cwd), ...files];
  return resolv === null ? files : [...putFile(resolv, readFileSync(resolv), FILE_MODE_DEFAULT), ...files];
}

/** What images leave to whoever runs them, as Fly's init does: names of hosts, and the directory that commands start in. */
function imageFiles(hostname: string, cwd: string): Operation[] {
  const hosts = `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t${hostname}\n`;
  const names = cwd.split("/").filter(Boolean);
  return [
    ...putFile("/etc/hosts", Buffer.from(hosts), FILE_MODE_DEFAULT),
    ...(existsSync(RESOLV_CONF) ? putFile(RESOLV_CONF, readFileSync(RESOLV_CONF), FILE_MODE_DEFAULT) : []),
    ...names.map((_, index) => makeDirectory(`/${names.slice(0, index + 1).join("/")}`)),
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

/** A failure to make the spare shows when it is taken. */
function kept(sandbox: Promise<Sandbox>): Promise<Sandbox> {
  sandbox.catch(() => {});
  return sandbox;
}

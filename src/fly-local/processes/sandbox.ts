/**
 * The level that Linux allows with root or user namespaces: own mounts, processes, IPC and host name, a private layer
 * over this computer's files or an image's. Every command, the main one and each exec, is started by the sandbox's init.
 */

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { signalNumber } from "../machines/signals.ts";
import { gathered } from "./child.ts";
import { type Init, makeInit } from "./init/init.ts";
import {
  ifPossible,
  makeDirectory,
  type Operation,
  putFile,
  setHostname,
  signalAll,
} from "./init/operations.ts";
import type { Command } from "./init/protocol.ts";
import type { ExecResult, Guest, GuestPlan, Level, ProcessExit } from "./level.ts";
import { amountsOf } from "./limits/amounts.ts";
import type { Fence, Limiter } from "./limits/limiter.ts";
import { type Network, networkOf, withoutNetwork } from "./network.ts";
import type { SandboxPlan } from "./sandbox-probe.ts";
import { areStill, descendantsOf, nameOf } from "./tree.ts";
import { withMounts } from "./volume-mounts.ts";

/** A spare is made a moment after the last was taken, when the Machine that took it has got going. */
const SPARE_DELAY_MS = 40;
const FILE_MODE_DEFAULT = 0o644;
const SIGKILL = signalNumber("SIGKILL");
/** A stop takes effect when a process is next about to run, which is at once on a computer that is not overloaded. */
const LOOKS_MAX = 200;
const LOOK_AGAIN_MS = 1;
const MKNOD = 1n << 27n;
const NET_RAW = 1n << 13n;
/**
 * What docker leaves to root in a container (moby, oci/caps/defaults.go), but for devices, which docker guards by cgroup, and for
 * raw sockets, since the network is this computer's.
 */
const CAPABILITIES = 0xa80425fbn & ~MKNOD & ~NET_RAW;

/** An init with namespaces and a root around it, and perhaps limits. */
interface Sandbox {
  readonly init: Init;
  readonly fence: Fence | null;
  /** Gives back what it took of the computer, once no process is left. */
  readonly clear: () => void;
}

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
  plan: SandboxPlan,
  limiter: Limiter | null,
  options: SandboxOptions = {},
): Level {
  const { pidsMax } = options;
  const resolv = hiddenResolvConf();
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  /** Of spares that were made for another image. */
  const unused = new Set<Promise<void>>();
  const operationsOf = (root: string | null) =>
    root === null ? (plan.operations ?? plan.tried) : plan.withImage(root);
  const make = (root: string | null) => makeSandbox(plan, operationsOf(root), limiter);
  const ready = (root: string | null): Spare => ({ root, sandbox: kept(make(root)) });
  let spare: Spare | null = plan.operations === null ? null : ready(null);
  const drop = ({ sandbox }: Spare) => {
    const gone = sandbox
      .then(end)
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
    canCutOff: true,
    fileRefusal: () => null,
    mountRefusal: null,
    start: async (guestPlan) => {
      const { mounts, image } = guestPlan;
      const root = image?.root ?? null;
      // The spare is past the point from which this computer's directories can be seen.
      const sandbox = await (mounts.length === 0
        ? take(root)
        : makeSandbox(plan, withMounts(operationsOf(root), plan.root, mounts), limiter));
      const { init, fence } = sandbox;
      try {
        await fence?.set(amountsOf(guestPlan.machine.config.guest, pidsMax), init);
        const { id, config } = guestPlan.machine;
        const isCutOff = networkOf(config, options.network ?? "host") === "none";
        await init.operate([
          ...(isCutOff ? withoutNetwork() : []),
          setHostname(id),
          ...filesOf(guestPlan, resolv),
        ]);
        return await guest(guestPlan, sandbox);
      } catch (error) {
        await end(sandbox);
        throw error;
      }
    },
    clean: async () => {},
    close: async () => {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      const sandbox = await spare?.sandbox.catch(() => null);
      if (sandbox) await end(sandbox);
      await Promise.all(unused);
      await Promise.all([limiter?.close(), plan.disks?.close()]);
    },
  };
}

async function makeSandbox(
  plan: SandboxPlan,
  operations: readonly Operation[],
  limiter: Limiter | null,
): Promise<Sandbox> {
  const fence = limiter?.fence() ?? null;
  const disk = plan.disks?.make();
  const clear = () => {
    fence?.remove();
    if (disk !== undefined) plan.disks?.remove(disk);
  };
  try {
    const init = await makeInit(plan.program, [...(fence?.enter ?? []), ...operations], disk);
    return { init, fence, clear };
  } catch (error) {
    clear();
    throw error;
  }
}

async function end({ init, clear }: Sandbox): Promise<void> {
  init.kill();
  await init.gone;
  clear();
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

async function guest(plan: GuestPlan, sandbox: Sandbox): Promise<Guest> {
  const { init, fence } = sandbox;
  const common = {
    env: { HOME: "/root", ...plan.env },
    cwd: "/",
    uid: 0,
    gid: 0,
    capabilities: CAPABILITIES,
  };
  // Execs are root's and start in the root, whoever the image says that its command is: Fly's init runs them so.
  const main: Command = { ...common, ...account(plan), argv: plan.argv, isMain: true, isHeard: true };
  const { started, exit, signal } = init.execute(main, plan.log.write);
  await started;
  // A kill that was asked for is none for want of memory, though there may have been one before.
  let isKilledByUs = false;
  const withCause = (how: ProcessExit): ProcessExit =>
    how.signal === SIGKILL && !isKilledByUs && (fence?.oomKills() ?? 0) > 0
      ? { ...how, oomKilled: true }
      : how;
  let ending: Promise<void> | null = null;
  return {
    exit: exit.then(withCause),
    signal: (name) => {
      isKilledByUs ||= name === "SIGKILL";
      signal(signalNumber(name));
    },
    exec: (argv) => {
      const output = gathered();
      const command = init.execute({ ...common, argv, isMain: false, isHeard: true }, output.take);
      const result = command.exit.then((how): ExecResult => ({ ...how, ...output.texts() }));
      return { result, kill: command.kill };
    },
    // By SIGSTOP and SIGCONT through the init, which needs no rights over cgroups.
    freeze: async () => {
      await signalEach(init, "SIGSTOP");
      for (let look = 0; look < LOOKS_MAX && !areStill(descendantsOf(init.pid ?? 0)); look++)
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    },
    thaw: () => signalEach(init, "SIGCONT"),
    // The first is the main process, which is named like its init until its program is in place.
    processes: () =>
      init.pid === null ? [] : descendantsOf(init.pid).filter((pid, index) => index === 0 || !isKeeper(pid)),
    end: () => {
      isKilledByUs = true;
      ending ??= end(sandbox);
      return ending;
    },
  };
}

/** Where the Machine ends meanwhile there is nobody left to signal, and its end is told to those who wait for that. */
async function signalEach(init: Init, name: NodeJS.Signals): Promise<void> {
  await init.operate([ifPossible(signalAll(signalNumber(name)))]).catch(() => {});
}

/** The processes that an init makes to look after execs are named like itself. */
function isKeeper(pid: number): boolean {
  return nameOf(pid) === "mayfly-init";
}

/** Who the main process is and where. An ordinary user's sandbox has one user alone, who is root in it. */
function account({ image }: GuestPlan): Pick<Command, "uid" | "gid" | "cwd"> | null {
  if (image === null) return null;
  const { uid, gid, cwd } = image;
  return process.getuid?.() === 0 ? { uid, gid, cwd } : { uid: 0, gid: 0, cwd };
}

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

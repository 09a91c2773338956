/**
 * The level that Linux allows with root or user namespaces: own mounts, processes, IPC and host name, a private layer
 * over this computer's files. Every command, the main one and each exec, is started by the sandbox's init.
 */

import { readFileSync, realpathSync } from "node:fs";
import { signalNumber } from "../signals.ts";
import { gathered } from "./child.ts";
import { type Init, makeInit } from "./init/init.ts";
import { ifPossible, type Operation, putFile, setHostname, signalAll } from "./init/operations.ts";
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

export interface SandboxOptions {
  /** Processes of a Machine, in place of what its memory gives. */
  readonly pidsMax?: number;
  /** Default: host. */
  readonly network?: Network;
}

/**
 * One empty sandbox is always kept ready: making it takes longer than anything else in a Machine's start.
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
  const make = () => makeSandbox(plan, limiter);
  let spare: Promise<Sandbox> | null = kept(make());
  const take = async (): Promise<Sandbox> => {
    const taken = spare;
    spare = null;
    timer ??= setTimeout(() => {
      timer = null;
      if (!closed) spare ??= kept(make());
    }, SPARE_DELAY_MS);
    const sandbox = await taken?.catch(() => null);
    // A spare may have been killed by hand; only a living one is used.
    if (sandbox?.init.isAlive()) return sandbox;
    sandbox?.clear();
    return make();
  };
  return {
    name: "sandbox",
    detail: `own namespaces and a private layer over this computer's files, which stand in for the image${options.network === "none" ? "; no network" : ""}`,
    enforcement: limiter === null ? null : { ...limiter.enforcement, ...(pidsMax && { pidsMax }) },
    canCutOff: true,
    fileRefusal: () => null,
    mountRefusal: null,
    start: async (guestPlan) => {
      const { mounts } = guestPlan;
      // The spare is past the point from which this computer's directories can be seen.
      const sandbox = await (mounts.length === 0
        ? take()
        : makeSandbox({ ...plan, operations: withMounts(plan.operations, plan.root, mounts) }, limiter));
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
      const sandbox = await spare?.catch(() => null);
      if (sandbox) await end(sandbox);
      await Promise.all([limiter?.close(), plan.disks?.close()]);
    },
  };
}

async function makeSandbox(plan: SandboxPlan, limiter: Limiter | null): Promise<Sandbox> {
  const fence = limiter?.fence() ?? null;
  const disk = plan.disks?.make();
  const clear = () => {
    fence?.remove();
    if (disk !== undefined) plan.disks?.remove(disk);
  };
  try {
    const init = await makeInit(plan.program, [...(fence?.enter ?? []), ...plan.operations], disk);
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

function filesOf({ machine }: GuestPlan, resolv: string | null): Operation[] {
  const files = (machine.config.files ?? []).flatMap((file) =>
    putFile(file.guest_path, Buffer.from(file.raw_value ?? "", "base64"), file.mode ?? FILE_MODE_DEFAULT),
  );
  return resolv === null ? files : [...putFile(resolv, readFileSync(resolv), FILE_MODE_DEFAULT), ...files];
}

async function guest(plan: GuestPlan, sandbox: Sandbox): Promise<Guest> {
  const { init, fence } = sandbox;
  const common = {
    env: { HOME: "/root", ...plan.env },
    cwd: "/",
    uid: 0,
    gid: 0,
    capabilities: CAPABILITIES,
  };
  const main: Command = { ...common, argv: plan.argv, isMain: true, isHeard: true };
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
    processes: () => (init.pid === null ? [] : descendantsOf(init.pid).filter((pid) => !isKeeper(pid))),
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

/** Name resolution is configured in /run on many computers, and a Machine's /run is fresh. */
function hiddenResolvConf(): string | null {
  try {
    const path = realpathSync("/etc/resolv.conf");
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

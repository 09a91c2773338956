/**
 * The level that Linux allows with root or user namespaces: own mounts, processes, IPC and host name, a private layer
 * over this computer's files or an image's. Every command, the main one and each exec, is started by the sandbox's init.
 */

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { signalNumber } from "../signals.ts";
import { gathered } from "./child.ts";
import { type Init, makeInit } from "./init/init.ts";
import { makeDirectory, type Operation, putFile, setHostname } from "./init/operations.ts";
import type { Command } from "./init/protocol.ts";
import type { ExecResult, Guest, GuestPlan, Level } from "./level.ts";
import type { SandboxPlan } from "./sandbox-probe.ts";

/** A spare is made a moment after the last was taken, when the Machine that took it has got going. */
const SPARE_DELAY_MS = 40;
const FILE_MODE_DEFAULT = 0o644;
const MKNOD = 1n << 27n;
const NET_RAW = 1n << 13n;
/**
 * What docker leaves to root in a container (moby, oci/caps/defaults.go), but for devices, which docker guards by cgroup, and for
 * raw sockets, since the network is this computer's.
 */
const CAPABILITIES = 0xa80425fbn & ~MKNOD & ~NET_RAW;

/** A sandbox that waits for its Machine. */
interface Spare {
  /** Of the image that it was made with; null for this computer's own files. */
  readonly root: string | null;
  readonly init: Promise<Init>;
}

/** One empty sandbox is always kept ready, for the image that was used last: making it takes longer than anything else in a Machine's start. */
export function sandboxLevel(plan: SandboxPlan): Level {
  const resolv = hiddenResolvConf();
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  const make = (root: string | null) =>
    makeInit(plan.program, root === null ? (plan.operations ?? []) : plan.withImage(root));
  const ready = (root: string | null): Spare => ({ root, init: kept(make(root)) });
  let spare: Spare | null = plan.operations === null ? null : ready(null);
  const take = async (root: string | null): Promise<Init> => {
    const taken = spare;
    spare = null;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      if (!closed) spare ??= ready(root);
    }, SPARE_DELAY_MS);
    const init = await taken?.init.catch(() => null);
    // A spare may have been killed by hand; only a living one is used.
    if (taken?.root === root && init?.isAlive()) return init;
    init?.kill();
    return make(root);
  };
  return {
    name: "sandbox",
    detail:
      plan.operations === null
        ? "own namespaces and a private layer over each machine's image"
        : "own namespaces and a private layer over this computer's files, which stand in for the image",
    fileRefusal: () => null,
    start: async (guestPlan) => {
      const init = await take(guestPlan.image?.root ?? null);
      try {
        await init.operate([setHostname(guestPlan.machine.id), ...filesOf(guestPlan, resolv)]);
        return await guest(guestPlan, init);
      } catch (error) {
        init.kill();
        await init.gone;
        throw error;
      }
    },
    clean: async () => {},
    close: async () => {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      const init = await spare?.init.catch(() => null);
      init?.kill();
      await init?.gone;
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

async function guest(plan: GuestPlan, init: Init): Promise<Guest> {
  const common = {
    env: { HOME: "/root", ...plan.env },
    cwd: "/",
    uid: 0,
    gid: 0,
    capabilities: CAPABILITIES,
  };
  // Execs are root's and start in the root, whoever the image says that its command is: Fly's init runs them so.
  const main: Command = { ...common, ...account(plan), argv: plan.argv, isMain: true, isHeard: false };
  const { started, exit, signal } = init.execute(main, () => {});
  await started;
  return {
    exit,
    signal: (name) => signal(signalNumber(name)),
    exec: (argv) => {
      const output = gathered();
      const command = init.execute({ ...common, argv, isMain: false, isHeard: true }, output.take);
      const result = command.exit.then((how): ExecResult => ({ ...how, ...output.texts() }));
      return { result, kill: command.kill };
    },
    end: async () => {
      init.kill();
      await init.gone;
    },
  };
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
function kept(init: Promise<Init>): Promise<Init> {
  init.catch(() => {});
  return init;
}

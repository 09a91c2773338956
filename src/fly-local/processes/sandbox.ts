/**
 * The level that Linux allows with root or user namespaces: own mounts, processes, IPC and host name, a private layer
 * over this computer's files. Every command, the main one and each exec, is started by the sandbox's init.
 */

import { readFileSync, realpathSync } from "node:fs";
import { signalNumber } from "../signals.ts";
import { gathered } from "./child.ts";
import { type Init, makeInit } from "./init/init.ts";
import { type Operation, putFile, setHostname } from "./init/operations.ts";
import type { Command } from "./init/protocol.ts";
import type { ExecResult, Guest, GuestPlan, Level } from "./level.ts";
import type { SandboxPlan } from "./sandbox-probe.ts";
import { withMounts } from "./volume-mounts.ts";

/** A spare is made a moment after the last was taken, when the Machine that took it has got going. */
const SPARE_DELAY_MS = 40;
const FILE_MODE_DEFAULT = 0o644;
/** What docker leaves to root in a container (moby, oci/caps/defaults.go). */
const CAPABILITIES = 0xa80425fbn;

/** One empty sandbox is always kept ready: making it takes longer than anything else in a Machine's start. */
export function sandboxLevel(plan: SandboxPlan): Level {
  const resolv = hiddenResolvConf();
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  const make = () => makeInit(plan.program, plan.operations);
  let spare: Promise<Init> | null = kept(make());
  const take = async (): Promise<Init> => {
    const taken = spare;
    spare = null;
    timer ??= setTimeout(() => {
      timer = null;
      if (!closed) spare ??= kept(make());
    }, SPARE_DELAY_MS);
    const init = await taken?.catch(() => null);
    // A spare may have been killed by hand; only a living one is used.
    return init?.isAlive() ? init : make();
  };
  return {
    name: "sandbox",
    detail: "own namespaces and a private layer over this computer's files, which stand in for the image",
    fileRefusal: () => null,
    mountRefusal: null,
    start: async (guestPlan) => {
      const { mounts } = guestPlan;
      // The spare is past the point from which this computer's directories can be seen.
      const init = await (mounts.length === 0
        ? take()
        : makeInit(plan.program, withMounts(plan.operations, plan.root, mounts)));
      try {
        await init.operate([setHostname(guestPlan.machine.id), ...filesOf(guestPlan, resolv)]);
      } catch (error) {
        init.kill();
        throw error;
      }
      return guest(guestPlan, init);
    },
    clean: async () => {},
    close: async () => {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      const init = await spare?.catch(() => null);
      init?.kill();
      await init?.gone;
    },
  };
}

function filesOf({ machine }: GuestPlan, resolv: string | null): Operation[] {
  const files = (machine.config.files ?? []).flatMap((file) =>
    putFile(file.guest_path, Buffer.from(file.raw_value ?? "", "base64"), file.mode ?? FILE_MODE_DEFAULT),
  );
  return resolv === null ? files : [...putFile(resolv, readFileSync(resolv), FILE_MODE_DEFAULT), ...files];
}

function guest(plan: GuestPlan, init: Init): Guest {
  const common = {
    env: { HOME: "/root", ...plan.env },
    cwd: "/",
    uid: 0,
    gid: 0,
    capabilities: CAPABILITIES,
  };
  const main: Command = { ...common, argv: plan.argv, isMain: true, isHeard: true };
  const { exit, signal } = init.execute(main, plan.log.write);
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
function kept(init: Promise<Init>): Promise<Init> {
  init.catch(() => {});
  return init;
}

/** What runs in a sandbox: every command, the main ones and each exec, is started by the sandbox's init. */

import { signalNumber } from "../machines/signals.ts";
import { gathered } from "./child.ts";
import type { Init } from "./init/init.ts";
import { ifPossible, signalAll } from "./init/operations.ts";
import type { Command } from "./init/protocol.ts";
import type { ExecResult, Guest, GuestImage, GuestPlan, ProcessExit, ProcessPlan } from "./level.ts";
import { endSandbox, type Sandbox } from "./make-sandbox.ts";
import { together } from "./together.ts";
import { areStill, descendantsOf, nameOf } from "./tree.ts";

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

/** Starts a Machine's main processes. Rejects where one can not be started. */
export async function startGuest(plan: GuestPlan, sandbox: Sandbox): Promise<Guest> {
  const { init, fence } = sandbox;
  const common = {
    env: { HOME: "/root", ...plan.env },
    cwd: "/",
    uid: 0,
    gid: 0,
    capabilities: CAPABILITIES,
  };
  // Execs are root's and start in the root, whoever the image says that its command is: Fly's init runs them so.
  const mains = plan.processes.map((process, index) =>
    init.execute(
      { ...common, ...placed(process, plan.image), isMain: true, isHeard: true },
      (stream, bytes) => plan.log.write(stream, bytes, index),
    ),
  );
  await Promise.all(mains.map(({ started }) => started));
  // A kill that was asked for is none for want of memory, though there may have been one before.
  let isKilledByUs = false;
  const withCause = (how: ProcessExit): ProcessExit =>
    how.signal === SIGKILL && !isKilledByUs && (fence?.oomKills() ?? 0) > 0
      ? { ...how, oomKilled: true }
      : how;
  const { exit, signal, stop } = together(
    mains.map((main) => ({
      exit: main.exit.then(withCause),
      signal: (name) => {
        isKilledByUs ||= name === "SIGKILL";
        main.signal(signalNumber(name));
      },
    })),
  );
  let living = mains.length;
  const less = () => {
    living -= 1;
  };
  for (const main of mains) void main.exit.then(less, less);
  let ending: Promise<void> | null = null;
  return {
    memory: fence?.memory ?? null,
    exit,
    signal,
    stop,
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
    // The main processes come first; until its program is in place, each is named like its init.
    processes: () =>
      init.pid === null
        ? []
        : descendantsOf(init.pid).filter((pid, index) => index < living || !isKeeper(pid)),
    end: () => {
      isKilledByUs = true;
      ending ??= endSandbox(sandbox);
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

/** What a main process runs, who it is and where. An ordinary user's sandbox has one user alone, who is root in it. */
function placed(
  { argv, env, account }: ProcessPlan,
  image: GuestImage | null,
): Pick<Command, "argv" | "env" | "uid" | "gid" | "cwd"> {
  const { uid, gid } = account !== null && process.getuid?.() === 0 ? account : { uid: 0, gid: 0 };
  return { argv, env: { HOME: "/root", ...env }, uid, gid, cwd: image?.cwd ?? "/" };
}

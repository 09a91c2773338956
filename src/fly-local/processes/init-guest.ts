/** What runs of a Machine that has an init of ours: every command, the main ones and each exec, is started by it, inside. */

import { signalNumber } from "../machines/signals.ts";
import { gathered } from "./child.ts";
import type { Init } from "./init/init.ts";
import { ifPossible, signalAll } from "./init/operations.ts";
import type { Command } from "./init/protocol.ts";
import type {
  ExecResult,
  Guest,
  GuestImage,
  GuestMemory,
  GuestPlan,
  ProcessExit,
  ProcessPlan,
} from "./level.ts";
import { together } from "./main-processes.ts";
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

/** What is around a Machine's init. */
export interface Surroundings {
  /** PID 1 by its number on this computer; null where it can not be seen from here. */
  readonly pid: number | null;
  /** Whether there is anybody but root in it. */
  readonly hasUsers: boolean;
  readonly memory: GuestMemory | null;
  /** Whether a process of the Machine was killed for want of memory. */
  hadOomKill(): boolean | Promise<boolean>;
  /** Kills everything; settles when nothing is left. */
  end(): Promise<void>;
}

/** Starts a Machine's main processes. Rejects where one can not be started. */
export async function startGuest(plan: GuestPlan, init: Init, around: Surroundings): Promise<Guest> {
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
      { ...common, ...placed(process, plan.image, around.hasUsers), isMain: true, isHeard: true },
      (stream, bytes) => plan.log.write(stream, bytes, index),
    ),
  );
  await Promise.all(mains.map(({ started }) => started));
  // A kill that was asked for is none for want of memory, though there may have been one before.
  let isKilledByUs = false;
  const withCause = async (how: ProcessExit): Promise<ProcessExit> =>
    how.signal === SIGKILL && !isKilledByUs && (await around.hadOomKill())
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
    memory: around.memory,
    exit,
    signal,
    stop,
    exec: (argv) => {
      const output = gathered();
      const command = init.execute({ ...common, argv, isMain: false, isHeard: true }, output.take);
      const result = command.exit.then((how): ExecResult => ({ ...how, ...output.texts() }));
      return { result, kill: command.kill };
    },
    // By SIGSTOP and SIGCONT through the init: that needs no rights over cgroups, and leaves an init that hears of the server's end.
    freeze: async () => {
      await signalEach(init, "SIGSTOP");
      for (let look = 0; look < LOOKS_MAX && !areStill(descendantsOf(around.pid ?? 0)); look++)
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    },
    thaw: () => signalEach(init, "SIGCONT"),
    // The main processes come first; until its program is in place, each is named like its init.
    processes: () =>
      around.pid === null
        ? []
        : descendantsOf(around.pid).filter((pid, index) => index < living || !isKeeper(pid)),
    end: () => {
      isKilledByUs = true;
      ending ??= around.end();
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

/** What a main process runs, who it is and where. */
function placed(
  { argv, env, account }: ProcessPlan,
  image: GuestImage | null,
  hasUsers: boolean,
): Pick<Command, "argv" | "env" | "uid" | "gid" | "cwd"> {
  const { uid, gid } = account !== null && hasUsers ? account : { uid: 0, gid: 0 };
  return { argv, env: { HOME: "/root", ...env }, uid, gid, cwd: image?.cwd ?? "/" };
}

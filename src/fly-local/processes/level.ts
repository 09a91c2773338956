/** How the processes of a Machine are kept apart from the computer: one interface, three levels. */

import type { LogWriter } from "../logs/logs.ts";
import type { Isolation, Machine } from "../machines/machine.ts";
import type { EnginePlan } from "./container/container-probe.ts";
import type { Enforcement } from "./limits/limiter.ts";

/** How a process ended: by itself with a code, or of a signal (then `code` is 0). */
export interface ProcessExit {
  readonly code: number;
  readonly signal: number | null;
  /** It was killed for want of memory; absent where not, or where nobody looks. */
  readonly oomKilled?: boolean;
}

export interface ExecResult extends ProcessExit {
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that was not started: the Machine has no room for one more, or it is too large. */
export class CouldNotStart extends Error {}

/** A command running in a Machine beside its main process. */
export interface RunningExec {
  /** Settles when the command has ended and its output is read to the end. Rejects with {@link CouldNotStart}. */
  readonly result: Promise<ExecResult>;
  /** Kills the command and what it started. */
  kill(): void;
}

/** The memory of a running Machine that is held to a size. */
export interface GuestMemory {
  /** Holds it to another size. Rejects with {@link MemoryInUse}, and changes nothing, where it uses more. */
  limit(bytes: number): Promise<void>;
  /** Frees what the kernel can take back of it, and tells how many bytes that were; null where nothing here can. */
  readonly reclaim: ((bytes: number) => Promise<number>) | null;
}

/** A Machine uses more memory than it is to have. */
export class MemoryInUse extends Error {
  readonly usedBytes: number;

  constructor(usedBytes: number) {
    super(`${usedBytes} bytes are in use`);
    this.usedBytes = usedBytes;
  }
}

/** The processes of one started Machine. */
export interface Guest {
  /** Null where nothing holds it to any. */
  readonly memory: GuestMemory | null;
  /** Settles when the Machine is over, which its main processes decide (`main-processes.ts`). */
  readonly exit: Promise<ProcessExit>;
  /** Sends a signal to the main processes alone, as Fly's init does. */
  signal(name: NodeJS.Signals): void;
  /** The same, with a signal by which they are to end. */
  stop(name: NodeJS.Signals): void;
  exec(argv: readonly string[]): RunningExec;
  /** Stops every process of the Machine where it is; settles when none runs on, or the Machine has ended. */
  freeze(): Promise<void>;
  /** Lets them go on. */
  thaw(): Promise<void>;
  /** The Machine's processes by the computer's numbers, its main one included; empty where there is no `/proc`. */
  processes(): number[];
  /** Kills whatever is left; settles when no process of the Machine is. */
  end(): Promise<void>;
}

/** What a level needs to know to start a Machine. */
export interface GuestPlan {
  readonly machine: Machine;
  /** At least one. */
  readonly processes: readonly ProcessPlan[];
  /** Of execs. */
  readonly env: Readonly<Record<string, string>>;
  /** Null where this computer's own files stand in for one. */
  readonly image: GuestImage | null;
  readonly mounts: readonly Mount[];
  /** Takes what the main processes write. */
  readonly log: LogWriter;
}

/** A main process of a Machine. */
export interface ProcessPlan {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Null: whoever the level makes of it. */
  readonly account: { readonly uid: number; readonly gid: number } | null;
}

/** A directory of this computer that a Machine has at a path of its own. */
export interface Mount {
  readonly source: string;
  readonly path: string;
}

/** What a Machine has of its image. */
export interface GuestImage {
  /** What a container engine knows it by, where one has it. */
  readonly id: string;
  /** The image's files; never changed. */
  readonly root: string;
  /** Where main processes start; made where the image does not have it. */
  readonly cwd: string;
}

export interface Level {
  readonly name: Isolation;
  /** Completes the line at start-up: what a Machine of this level is. */
  readonly detail: string;
  /** Why there are no sandboxes, where nobody asked for anything else. */
  readonly lack?: string;
  /** What holds its Machines to their size; null for nothing. */
  readonly enforcement: Enforcement | null;
  /** Whether its Machines can be without a network. */
  readonly canBeWithoutNetwork: boolean;
  /** Why a file cannot be put at this path, or null. */
  fileRefusal(path: string): string | null;
  /** Why a volume can not be mounted at this path, or null. */
  mountRefusal(path: string): string | null;
  /** Why processes can not be of a user of their own, or null. */
  readonly userRefusal: string | null;
  /** The engine that has the images of its Machines; absent where they have no images, or ours. */
  readonly engine?: EnginePlan;
  /** Starts the main processes. */
  start(plan: GuestPlan): Promise<Guest>;
  /** Removes what a Machine left on the computer, where this level leaves anything. */
  clean(machine: Machine): Promise<void>;
  close(): Promise<void>;
}

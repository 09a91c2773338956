/** A program that Mayfly consists of on this computer: started in a process group of its own, so that all of it can be ended. */

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import type { Guard } from "./guard.ts";

/** Between asking and killing. The whole of an end takes at most 5 s. */
const GRACE_MS = 3_000;
/** For the kernel to take killed processes away. */
const KILLED_MS = 500;
const LOOK_MS = 20;
const LOG_TAIL_LINES = 15;

export interface ProgramSpec {
  /** As messages call it: "the worker". */
  name: string;
  /** Run by this very Node. */
  args: string[];
  cwd: string;
  env?: Record<string, string | undefined>;
  /** File that takes what it prints, anew at each start … */
  log: string;
  /** … unless what stands there is still wanted. */
  keepLog?: boolean;
}

/** How a program ended. */
export interface ProgramEnd {
  code: number | null;
  signal: string | null;
}

export class Program {
  readonly name: string;
  readonly log: string;
  /** Resolves at its end, however it comes about. */
  readonly ended: Promise<ProgramEnd>;
  readonly #child: ChildProcess;
  readonly #guard: Guard;

  constructor(spec: ProgramSpec, guard: Guard) {
    this.name = spec.name;
    this.log = spec.log;
    this.#guard = guard;
    const log = openSync(spec.log, spec.keepLog ? "a" : "w", 0o600);
    this.#child = spawn(process.execPath, spec.args, {
      cwd: spec.cwd,
      env: { ...process.env, ...spec.env },
      detached: true,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      this.#child.once("error", () => resolve({ code: null, signal: null }));
      this.#child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    if (this.#child.pid !== undefined) guard.add(this.#child.pid);
  }

  /** Ends the whole group: asks, waits, kills. Returns when nothing of it is left. */
  async stop(graceMs = GRACE_MS): Promise<void> {
    const group = this.#child.pid;
    if (group === undefined) return;
    signalGroup(group, "SIGTERM");
    if (!(await goneWithin(group, graceMs))) {
      signalGroup(group, "SIGKILL");
      await goneWithin(group, KILLED_MS);
    }
    this.#guard.remove(group);
  }

  /** The last lines it printed. */
  lastLines(): string[] {
    const lines = stripVTControlCharacters(readFileSync(this.log, "utf8")).trimEnd().split("\n");
    return lines.slice(-LOG_TAIL_LINES).filter((line) => line !== "");
  }
}

/** False where the group is no more. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function goneWithin(group: number, ms: number): Promise<boolean> {
  for (const until = Date.now() + ms; Date.now() < until; ) {
    if (!signalGroup(group, 0)) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return !signalGroup(group, 0);
}

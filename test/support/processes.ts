/** Child processes of tests: started in a group of their own, so that all of a tree can be ended by the group's number. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, readFileSync } from "node:fs";

export interface Spawned {
  pid: number;
  /** Everything it wrote, for messages of failed tests. */
  log(): string;
  /** Sends a signal to the whole tree and waits for its end. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  exited: Promise<number | null>;
}

/** Trees that are running: a test run that is ended itself takes them along. */
const running = new Set<number>();
process.once("exit", () => {
  for (const pgid of running) signalGroup(pgid, "SIGKILL");
});

function signalGroup(pgid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pgid, signal);
  } catch {
    // Gone already.
  }
}

/** Starts a program whose output goes to `logFile`. */
export function start(
  argv: string[],
  options: { logFile: string; env?: Record<string, string>; cwd?: string },
): Spawned {
  const [program = "", ...args] = argv;
  const log = createWriteStream(options.logFile, { flags: "a" });
  const child: ChildProcess = spawn(program, args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} could not be started`);
  running.add(pid);
  return {
    pid,
    exited,
    log: () => readFileSync(options.logFile, "utf8"),
    async end(signal) {
      signalGroup(pid, signal);
      await exited;
      await groupGone(pid);
      running.delete(pid);
    },
  };
}

/** Waits until no process of a group is left: the leader's end says nothing of its children. */
async function groupGone(pgid: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      process.kill(-pgid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  signalGroup(pgid, "SIGKILL");
}

/** Asks again and again until there is an answer, which is what there is to wait on in a process that just started. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false>,
  withinMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${what} did not happen within ${withinMs} ms${last ? ` (${last})` : ""}`);
}

/** The programs of an engine: each writes a log, can be killed alone or with all that it started, and is gone at the end. */

import { join } from "node:path";
import { type Spawned, start } from "../../test/support/processes.ts";

export interface Programs {
  /** Starts a program in a process group of its own. */
  start(name: string, argv: string[], env?: Record<string, string>): Spawned;
  /** Ends every program that was ever started here, with all processes that are left in its group. */
  close(): Promise<void>;
}

/** @param folder for their logs */
export function startPrograms(folder: string): Programs {
  const started: Spawned[] = [];
  return {
    start(name, argv, env = {}) {
      const spawned = start(argv, { logFile: join(folder, `${name}.log`), env, cwd: folder });
      started.push(spawned);
      return spawned;
    },
    close: async () => {
      await Promise.all(started.map((each) => each.end("SIGKILL")));
    },
  };
}

/** kill -9 of programs and of nothing that they started. */
export async function killAlone(...programs: Spawned[]): Promise<void> {
  for (const { pid } of programs) process.kill(pid, "SIGKILL");
  await Promise.all(programs.map(({ exited }) => exited));
}

/** kill -9 of programs and of all that they started. */
export async function killGroups(...programs: Spawned[]): Promise<void> {
  await Promise.all(programs.map((each) => each.end("SIGKILL")));
}

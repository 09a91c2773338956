/** How the peers run a job: both leave that to whoever uses them, and so it is the same few lines for both. */

import { execFile } from "node:child_process";
import type { Command } from "./engine.ts";

/** What a job stores as its result with its engine. */
export interface ShellResult {
  readonly stdout: string;
  readonly exitCode: number;
}

/** Runs a command as a child of this process. @throws Error if it could not be started or a signal ended it */
export function runShell([program, ...args]: Command): Promise<ShellResult> {
  return new Promise((resolve, reject) => {
    execFile(program, args, (error, stdout) => {
      const exitCode = error === null ? 0 : error.code;
      if (typeof exitCode === "number") resolve({ stdout, exitCode });
      else reject(error);
    });
  });
}

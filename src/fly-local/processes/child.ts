/** The two things that are done with a child process: learn how it ended, and collect what it wrote. */

import type { ChildProcess } from "node:child_process";
import { EXEC_STREAM_MAX_BYTES } from "../limits.ts";
import { signalNumber } from "../machines/signals.ts";
import type { ExecResult, ProcessExit, RunningExec } from "./level.ts";

/** How a shell reports a command that is not there, and one that may not be run. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** Settles with the first of `event` ("exit", or "close" when its output matters) and a failure to start. */
export function endOf(child: ChildProcess, event: "exit" | "close"): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once(event, (code: number | null, signal: NodeJS.Signals | null) =>
      resolve({ code: code ?? 0, signal: signal === null ? null : signalNumber(signal) }),
    );
    child.once("error", (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined)
        resolve({ code: error.code === "EACCES" ? NOT_EXECUTABLE : NOT_FOUND, signal: null });
    });
  });
}

/** An exec made of a child with piped output. */
export function collected(child: ChildProcess, kill: () => void): RunningExec {
  const { take, texts } = gathered();
  child.stdout?.on("data", (bytes: Buffer) => take("stdout", bytes)).on("error", () => {});
  child.stderr?.on("data", (bytes: Buffer) => take("stderr", bytes)).on("error", () => {});
  return { result: endOf(child, "close").then((exit): ExecResult => ({ ...exit, ...texts() })), kill };
}

/** Collects output up to what an exec may answer with. It is text, as Fly's is: what is not UTF-8 is replaced. */
export function gathered() {
  const streams = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const sizes = { stdout: 0, stderr: 0 };
  return {
    take: (stream: "stdout" | "stderr", bytes: Buffer): void => {
      const room = EXEC_STREAM_MAX_BYTES - sizes[stream];
      if (room > 0) streams[stream].push(bytes.subarray(0, room));
      sizes[stream] += bytes.length;
    },
    texts: () => ({
      stdout: Buffer.concat(streams.stdout).toString("utf8"),
      stderr: Buffer.concat(streams.stderr).toString("utf8"),
    }),
  };
}

/** The two things that are done with a child process: learn how it ended, and collect what it wrote. */

import type { ChildProcess } from "node:child_process";
import { EXEC_STREAM_MAX_BYTES } from "../limits.ts";
import { signalNumber } from "../signals.ts";
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

/** An exec made of a child with piped output. The answer is text, as Fly's is: what is not UTF-8 is replaced. */
export function collected(child: ChildProcess, kill: () => void): RunningExec {
  const stdout = gather(child.stdout);
  const stderr = gather(child.stderr);
  const result = endOf(child, "close").then(
    (exit): ExecResult => ({ ...exit, stdout: stdout(), stderr: stderr() }),
  );
  return { result, kill };
}

function gather(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream?.on("data", (chunk: Buffer) => {
    if (size >= EXEC_STREAM_MAX_BYTES) return;
    chunks.push(chunk.subarray(0, EXEC_STREAM_MAX_BYTES - size));
    size += chunk.length;
  });
  stream?.on("error", () => {});
  return () => Buffer.concat(chunks).toString("utf8");
}

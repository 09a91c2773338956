/** The world around a command: its streams, signals, environment and time. Tests hand in their own. */

import type { EventEmitter } from "node:events";
import type { Readable, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";

export interface Io {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  stdoutIsTty: boolean;
  stderrIsTty: boolean;
  /** Width of the terminal at stdout; null where it is none. */
  columns: number | null;
  env: Record<string, string | undefined>;
  cwd: string;
  /** Emits SIGINT, SIGTERM and SIGHUP. */
  signals: Pick<EventEmitter, "on" | "off">;
  now(): number;
  /** Returns early where the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** This process. */
export function processIo(): Io {
  // A reader that went away shows in the write itself; without a listener Node would end with a stack trace.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    stdoutIsTty: process.stdout.isTTY === true,
    stderrIsTty: process.stderr.isTTY === true,
    columns: process.stdout.columns ?? null,
    env: process.env,
    cwd: process.cwd(),
    signals: process,
    now: () => Date.now(),
    sleep: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
  };
}

/** Writes all of it before it returns, so that a slow reader slows down the writer. Rejects with EPIPE where the reader is gone. */
export function write(stream: Writable, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(data, (error) => (error ? reject(error) : resolve()));
  });
}

/** True for a write that failed since nobody reads any more: a pipe that was closed, a terminal that is gone. */
export function isReaderGone(error: unknown): boolean {
  return ["EPIPE", "EIO", "ERR_STREAM_DESTROYED"].includes((error as NodeJS.ErrnoException).code ?? "");
}

/** A line of our own for people, apart from results. */
export function say(io: Pick<Io, "stderr">, line: string): Promise<void> {
  return write(io.stderr, `mayfly: ${line}\n`);
}

/** True where stderr is a terminal that understands control sequences. */
export function canRedraw(io: Io): boolean {
  return io.stderrIsTty && io.env.TERM !== "dumb";
}

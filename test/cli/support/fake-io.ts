import { EventEmitter } from "node:events";
import { PassThrough, Readable, Writable } from "node:stream";
import type { Io } from "../../../src/cli/io.ts";

/** A writable that keeps what it got; with a delay it is as slow as a pipe whose reader is. */
export class Kept extends Writable {
  readonly #chunks: Buffer[] = [];
  readonly #delayMs: number;

  constructor(delayMs = 0) {
    super({ highWaterMark: 1 });
    this.#delayMs = delayMs;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#chunks.push(Buffer.from(chunk));
    if (this.#delayMs > 0) setTimeout(() => done(), this.#delayMs);
    else done();
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  text(): string {
    return this.bytes().toString();
  }
}

export interface FakeIo extends Io {
  stdout: Kept;
  stderr: Kept;
  signals: EventEmitter;
  /** Moves the clock that interrupts are told apart by. */
  pass(ms: number): void;
}

/** No terminal, no environment, pauses that take no time. */
export function fakeIo(changes: Partial<Omit<FakeIo, "stdin">> & { stdin?: string } = {}): FakeIo {
  let passed = 0;
  const { stdin = "", ...rest } = changes;
  return {
    stdin: stdin === "" ? new PassThrough().end() : Readable.from([Buffer.from(stdin)]),
    stdout: new Kept(),
    stderr: new Kept(),
    stdoutIsTty: false,
    stderrIsTty: false,
    columns: null,
    env: {},
    cwd: "/nowhere",
    signals: new EventEmitter(),
    now: () => Date.now() + passed,
    // A turn of the event loop, so that waiting for something never keeps it from happening.
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
    pass: (ms) => {
      passed += ms;
    },
    ...rest,
  };
}

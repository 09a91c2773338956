/** A running init: the processes of one Machine, told what to do over its control socket. */

import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { getSystemErrorName } from "node:util";
import { SANDBOX_READY_MS } from "../../limits.ts";
import { CouldNotStart, type ProcessExit } from "../level.ts";
import { send } from "../tree.ts";
import type { Operation } from "./operations.ts";
import {
  type Command,
  encodeCommand,
  encodeFrame,
  encodeNumber,
  FROM_INIT,
  type Frame,
  FrameReader,
  TO_INIT,
} from "./protocol.ts";
import type { Zygote } from "./zygote.ts";

/** A command that an init was asked to start. */
export interface InitCommand {
  /** Settles as soon as it is started. Rejects with {@link CouldNotStart} where the init has no room for it. */
  readonly started: Promise<void>;
  /** Settles when it has ended and its output has come; as killed where the whole Machine ended. Rejects as `started` does. */
  readonly exit: Promise<ProcessExit>;
  signal(number: number): void;
  /** Kills it and all that it started. */
  kill(): void;
}

export type OnOutput = (stream: "stdout" | "stderr", bytes: Buffer) => void;

/** Whoever waits for what an init says of a frame. */
interface Asker {
  readonly answered: (answer: { error: number; index: number }) => void;
  /** Called where the init ends without an answer. */
  readonly lost: () => void;
}

interface Running {
  readonly onOutput: OnOutput;
  readonly ended: (exit: ProcessExit) => void;
  readonly refused: (why: CouldNotStart) => void;
}

const SIGKILL = 9;
const KILLED: ProcessExit = { code: 0, signal: SIGKILL };

export class Init {
  /** Settles when no process of the Machine is left. */
  readonly gone: Promise<void>;
  readonly #input: Writable;
  readonly #output: Readable;
  readonly #commands = new Map<number, Running>();
  readonly #askers = new Map<number, Asker>();
  #pid: number | null = null;
  #lastId = 0;

  /** @param input to one that was just started, and `output` of it; {@link makeInit} also tells it what to become */
  constructor(input: Writable, output: Readable) {
    this.#input = input;
    this.#output = output;
    const frames = new FrameReader();
    output.on("data", (bytes: Buffer) => {
      for (const frame of frames.push(bytes)) this.#hear(frame);
    });
    output.resume();
    // The init holds it until no process of the Machine is left.
    this.gone = new Promise<void>((resolve) => output.once("close", resolve)).then(() => this.#end());
  }

  /** PID 1 of the Machine by its number on this computer; null before it is made. */
  get pid(): number | null {
    return this.#pid;
  }

  isAlive(): boolean {
    return !this.#output.readableEnded && !this.#output.destroyed;
  }

  /** Does these in order. Rejects with the first that fails and why. */
  async operate(operations: readonly Operation[]): Promise<void> {
    for (const some of inFrames(operations)) {
      const payload = Buffer.concat(some.map(({ bytes }) => bytes));
      const { error, index } = await this.#ask(TO_INIT.operations, payload);
      if (error !== 0) throw new Error(`can not ${some[index]?.text}: ${getSystemErrorName(-error)}`);
    }
  }

  /** Does an operation that reads a number, of which the lower 32 bits come. Rejects where it fails. */
  async number({ bytes, text }: Operation): Promise<number> {
    const { error, index } = await this.#ask(TO_INIT.operations, bytes);
    if (error !== 0) throw new Error(`can not ${text}: ${getSystemErrorName(-error)}`);
    return index;
  }

  execute(command: Command, onOutput: OnOutput): InitCommand {
    const id = ++this.#lastId;
    const frame = { type: TO_INIT.execute, id, payload: encodeCommand(command) };
    const exit = new Promise<ProcessExit>((resolve, reject) => {
      const settle =
        <T>(how: (value: T) => void) =>
        (value: T) => {
          this.#commands.delete(id);
          how(value);
        };
      const running = { onOutput, ended: settle(resolve), refused: settle<CouldNotStart>(reject) };
      this.#commands.set(id, running);
      if (!this.isAlive()) running.ended(KILLED);
    });
    const started = new Promise<void>((resolve, reject) => {
      const answered: Asker["answered"] = ({ error }) => {
        if (error === 0) return resolve();
        this.#commands.get(id)?.refused(new CouldNotStart(refusalOf(error)));
      };
      // Whatever keeps it from being started is told as its end.
      exit.then(() => resolve(), reject);
      if (this.isAlive()) this.#askers.set(id, { answered, lost: () => {} });
    });
    try {
      this.#send(frame);
    } catch (error) {
      this.#askers.delete(id);
      this.#commands.get(id)?.refused(new CouldNotStart((error as Error).message));
    }
    started.catch(() => {});
    return {
      started,
      exit,
      signal: (number) => this.#send({ type: TO_INIT.signal, id, payload: encodeNumber(number) }),
      kill: () => this.#send({ type: TO_INIT.kill, id, payload: Buffer.alloc(0) }),
    };
  }

  /** Ends PID 1, and with it everything. */
  kill(): void {
    // Not after its end, when its number can be another process's.
    if (!this.isAlive()) return;
    if (this.#pid !== null) send(this.#pid, "SIGKILL");
    // Also ends a PID 1 that is just being made.
    this.#input.end();
  }

  async #ask(type: number, payload: Buffer): Promise<{ error: number; index: number }> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const lost = () => reject(new Error("the machine's init has ended"));
      if (!this.isAlive()) return lost();
      this.#send({ type, id, payload });
      this.#askers.set(id, { answered: resolve, lost });
    });
  }

  #send(frame: Frame): void {
    if (this.#input.writable) this.#input.write(encodeFrame(frame));
  }

  #hear({ type, id, payload }: Frame): void {
    if (type === FROM_INIT.pid) this.#pid = payload.readUInt32LE(0);
    else if (type === FROM_INIT.done) {
      this.#askers.get(id)?.answered({ error: payload.readUInt32LE(0), index: payload.readUInt32LE(4) });
      this.#askers.delete(id);
    } else if (type === FROM_INIT.ended) this.#commands.get(id)?.ended(exitOf(payload.readUInt32LE(0)));
    else this.#commands.get(id)?.onOutput(type === FROM_INIT.stdout ? "stdout" : "stderr", payload);
  }

  #end(): void {
    for (const { ended } of [...this.#commands.values()]) ended(KILLED);
    for (const { lost } of this.#askers.values()) lost();
    this.#askers.clear();
  }
}

/** What the init's refusal of a command means (errno(3)). */
function refusalOf(error: number): string {
  const { EAGAIN, EINVAL, E2BIG } = constants.errno;
  if (error === EAGAIN) return "as many commands as can run in the machine already";
  return error === EINVAL || error === E2BIG ? "it has too many arguments" : getSystemErrorName(-error);
}

/** Operations in as many frames as they need. */
function inFrames(operations: readonly Operation[]): Operation[][] {
  const frames: Operation[][] = [[]];
  let room = FRAME_BYTES;
  for (const operation of operations) {
    if (operation.bytes.length > room && frames.at(-1)?.length !== 0) {
      frames.push([]);
      room = FRAME_BYTES;
    }
    frames.at(-1)?.push(operation);
    room -= operation.bytes.length;
  }
  return frames;
}

/** A file's piece fits with its path. */
const FRAME_BYTES = 2 << 20;

/** A wait status as wait(2) encodes it. */
function exitOf(status: number): ProcessExit {
  const signal = status & 0x7f;
  return signal === 0 ? { code: (status >> 8) & 0xff, signal: null } : { code: 0, signal };
}

/** Has an init forked that does these. Rejects, with nothing left running, where it can not. */
export async function makeInit(zygote: Zygote, operations: readonly Operation[], cwd = "/"): Promise<Init> {
  const control = await zygote.fork(cwd);
  const init = new Init(control, control);
  const timer = setTimeout(() => init.kill(), SANDBOX_READY_MS);
  try {
    await init.operate(operations);
    return init;
  } catch (error) {
    init.kill();
    await init.gone;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Why an init can not do these here, found by having one do them; null where it can. */
export async function failureOf(
  zygote: Zygote,
  operations: readonly Operation[],
  cwd?: string,
): Promise<string | null> {
  try {
    const init = await makeInit(zygote, operations, cwd);
    init.kill();
    await init.gone;
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

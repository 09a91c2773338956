/** The frames that the server and a Machine's init exchange, as `init.c` describes them. */

const HEADER_BYTES = 12;
const MAX_PAYLOAD_BYTES = 4 << 20;

export const TO_INIT = { operations: 1, execute: 2, signal: 3, kill: 4, fork: 5 } as const;
export const FROM_INIT = { done: 1, stdout: 2, stderr: 3, ended: 4, pid: 5, hello: 6 } as const;

export interface Frame {
  readonly type: number;
  /** What the frame is about: a command, or a list of operations. */
  readonly id: number;
  readonly payload: Buffer;
}

/** @throws RangeError where the init has no room for it */
export function encodeFrame({ type, id, payload }: Frame): Buffer {
  if (payload.length > MAX_PAYLOAD_BYTES)
    throw new RangeError(
      `${payload.length} bytes are more than the ${MAX_PAYLOAD_BYTES} a machine's init takes`,
    );
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE(type, 4);
  header.writeUInt32LE(id, 8);
  return Buffer.concat([header, payload]);
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that are whole with these bytes. */
  push(bytes: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const frames: Frame[] = [];
    while (this.#rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.#rest.readUInt32LE(0);
      if (this.#rest.length < end) break;
      frames.push({
        type: this.#rest.readUInt32LE(4),
        id: this.#rest.readUInt32LE(8),
        payload: this.#rest.subarray(HEADER_BYTES, end),
      });
      this.#rest = this.#rest.subarray(end);
    }
    return frames;
  }
}

/** A command for the init to start. */
export interface Command {
  /** The main process of the Machine: it is started without a keeper, and its end does not wait for its streams. */
  readonly isMain: boolean;
  /** Whether what it writes is wanted; otherwise it goes to /dev/null. */
  readonly isHeard: boolean;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  /** A bit for each capability that it may ever have (capabilities(7)). */
  readonly capabilities: bigint;
}

const IS_MAIN = 1;
const IS_SILENT = 2;

export function encodeCommand(command: Command): Buffer {
  const numbers = Buffer.alloc(28);
  const env = Object.entries(command.env).map(([name, value]) => `${name}=${value}`);
  numbers.writeUInt32LE((command.isMain ? IS_MAIN : 0) | (command.isHeard ? 0 : IS_SILENT), 0);
  numbers.writeUInt32LE(command.uid, 4);
  numbers.writeUInt32LE(command.gid, 8);
  numbers.writeUInt32LE(command.argv.length, 12);
  numbers.writeUInt32LE(env.length, 16);
  numbers.writeBigUInt64LE(command.capabilities, 20);
  return Buffer.concat([numbers, strings(command.cwd, ...command.argv, ...env)]);
}

/** NUL-ended, one after the other. */
export function strings(...texts: readonly string[]): Buffer {
  return Buffer.from(texts.map((text) => `${text}\0`).join(""));
}

export function encodeNumber(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

/** A command that runs in a simulated machine: what it has written by now, and how it ended. */

import type { Stream } from "../../../src/core/output.ts";
import type { Scheduler, Timer } from "../scheduler.ts";
import { printed } from "./printed-secret.ts";
import type { Program, SecretPiece } from "./program.ts";
import type { Environment } from "./secret-door.ts";

export interface End {
  at: number;
  code: number;
  oomKilled: boolean;
  /** True where nobody told it to. */
  byItself: boolean;
}

export class Command {
  readonly output: Record<Stream, Uint8Array> = { stdout: new Uint8Array(), stderr: new Uint8Array() };
  readonly environment: Environment;
  /** Where it has printed a secret, in whatever form: what is about it, and of that what may not be shown. */
  readonly printed: Record<Stream, { from: number; to: number; isSecret: boolean }[]> = {
    stdout: [],
    stderr: [],
  };
  end: End | null = null;
  /** Called whenever it has written, and once it has ended. */
  onNews: () => void = () => {};
  readonly #program: Program;
  readonly #time: Scheduler;
  readonly #timers: Timer[] = [];
  #told = false;

  constructor(program: Program, environment: Environment, time: Scheduler) {
    this.environment = environment;
    this.#program = program;
    this.#time = time;
    for (const { afterMs, stream, bytes } of program.pieces)
      this.#after(afterMs, () => void this.#write(stream, bytes));
    for (const piece of program.secretPieces) this.#print(piece);
    const { durationMs, code, oomKilled } = program;
    if (durationMs !== null) this.#after(durationMs, () => this.#ended(code, oomKilled));
  }

  terminate(): void {
    const { stopsInMs, stoppedCode } = this.#program;
    if (!this.#told && stopsInMs !== null) this.#after(stopsInMs, () => this.#ended(stoppedCode, false));
    this.#told = true;
  }

  /** Any signal that it has no handler for. */
  kill(signal = 9): void {
    this.#told = true;
    this.#ended(128 + signal, false);
  }

  /** Its machine is gone, and with it all that it would still have done. */
  vanish(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  #after(ms: number, what: () => void): void {
    this.#timers.push(this.#time.after(ms, what));
  }

  /** In one piece or in two, and between those others may come. */
  #print({ afterMs, restAfterMs, share, stream, print }: SecretPiece): void {
    const value = this.environment[print.variable];
    if (value === undefined) return;
    const { bytes, secret } = printed(value, print);
    const cut = restAfterMs === null ? bytes.length : Math.floor(share * bytes.length);
    let from = 0;
    const whole = () => {
      const places = secret.map(([begin, end]) => ({ from: from + begin, to: from + end, isSecret: true }));
      this.printed[stream].push(...places);
    };
    this.#after(afterMs, () => {
      from = this.#writePrinted(stream, bytes.subarray(0, cut));
      if (cut === bytes.length) whole();
    });
    if (restAfterMs === null) return;
    this.#after(afterMs + restAfterMs, () => {
      if (this.#writePrinted(stream, bytes.subarray(cut)) === from + cut) whole();
    });
  }

  #writePrinted(stream: Stream, bytes: Uint8Array): number {
    const from = this.#write(stream, bytes);
    this.printed[stream].push({ from, to: from + bytes.length, isSecret: false });
    return from;
  }

  /** @returns where it stands in the stream */
  #write(stream: Stream, bytes: Uint8Array): number {
    const from = this.output[stream].length;
    this.output[stream] = Buffer.concat([this.output[stream], bytes]);
    this.onNews();
    return from;
  }

  #ended(code: number, oomKilled: boolean): void {
    if (this.end !== null) return;
    this.vanish();
    this.end = { at: this.#time.now(), code, oomKilled, byItself: !this.#told };
    this.onNews();
  }
}

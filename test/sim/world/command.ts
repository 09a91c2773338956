/** A command that runs in a simulated machine: what it has written by now, and how it ended. */

import type { Stream } from "../../../src/core/output.ts";
import type { Scheduler, Timer } from "../scheduler.ts";
import type { Program } from "./program.ts";

export interface End {
  at: number;
  code: number;
  oomKilled: boolean;
  /** True where nobody told it to. */
  byItself: boolean;
}

export class Command {
  readonly output: Record<Stream, Uint8Array> = { stdout: new Uint8Array(), stderr: new Uint8Array() };
  end: End | null = null;
  /** Called whenever it has written, and once it has ended. */
  onNews: () => void = () => {};
  readonly #program: Program;
  readonly #time: Scheduler;
  readonly #timers: Timer[] = [];
  #told = false;

  constructor(program: Program, time: Scheduler) {
    this.#program = program;
    this.#time = time;
    for (const { afterMs, stream, bytes } of program.pieces)
      this.#after(afterMs, () => {
        this.output[stream] = Buffer.concat([this.output[stream], bytes]);
        this.onNews();
      });
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

  #ended(code: number, oomKilled: boolean): void {
    if (this.end !== null) return;
    this.vanish();
    this.end = { at: this.#time.now(), code, oomKilled, byItself: !this.#told };
    this.onNews();
  }
}

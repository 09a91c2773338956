/** What happened, line by line, with the time since the beginning: the same for the same seed, byte for byte. */

import type { Scheduler } from "./scheduler.ts";

export class Trace {
  readonly lines: string[] = [];
  readonly #time: Scheduler;
  readonly #startMs: number;

  constructor(time: Scheduler) {
    this.#time = time;
    this.#startMs = time.now();
  }

  say(what: string): void {
    const seconds = ((this.#time.now() - this.#startMs) / 1000).toFixed(3);
    this.lines.push(`${seconds.padStart(9)} ${what}`);
  }
}

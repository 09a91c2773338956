/** A clock that a test turns by hand. */

import type { Clock } from "../../src/fly-local/clock.ts";

export class HandClock implements Clock {
  #now: number;
  #waiting: { instant: number; act: () => void }[] = [];

  /** @param start epoch milliseconds */
  constructor(start: number) {
    this.#now = start;
  }

  now = (): number => this.#now;

  at = (instant: number, act: () => void): (() => void) => {
    const entry = { instant, act };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  };

  /** How many wait for an instant. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Turns it on, with a stop at each instant that somebody waits for. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#waiting
        .filter(({ instant }) => instant <= end)
        .sort((a, b) => a.instant - b.instant)[0];
      if (next === undefined) break;
      this.#waiting = this.#waiting.filter((entry) => entry !== next);
      this.#now = Math.max(this.#now, next.instant);
      next.act();
    }
    this.#now = end;
  }
}

/** A clock that can be put off by some time while it goes: whatever waits for an instant waits for it by the new time. */

import type { Clock } from "./clock.ts";

interface Waiting {
  readonly instant: number;
  readonly act: () => void;
  cancel: () => void;
}

export class SkewedClock implements Clock {
  readonly #base: Clock;
  readonly #waiting = new Set<Waiting>();
  readonly #listeners = new Set<() => void>();
  #skewMs = 0;

  constructor(base: Clock) {
    this.#base = base;
  }

  now = (): number => this.#base.now() + this.#skewMs;

  at = (instant: number, act: () => void): (() => void) => {
    const waiting: Waiting = { instant, act, cancel: () => {} };
    this.#waiting.add(waiting);
    this.#wait(waiting);
    return () => {
      waiting.cancel();
      this.#waiting.delete(waiting);
    };
  };

  /** @param skewMs how far it is ahead of the clock that it was made of; below 0 where it is behind */
  skew(skewMs: number): void {
    this.#skewMs = skewMs;
    for (const waiting of this.#waiting) {
      waiting.cancel();
      this.#wait(waiting);
    }
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` after each change of the skew. */
  onSkew(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #wait(waiting: Waiting): void {
    waiting.cancel = this.#base.at(waiting.instant - this.#skewMs, () => {
      this.#waiting.delete(waiting);
      waiting.act();
    });
  }
}

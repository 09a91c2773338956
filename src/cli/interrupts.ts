/** Ctrl-C, TERM and HUP while something runs elsewhere: the first asks for its end, the second waits no longer for it. */

import type { Io } from "./io.ts";

/** Signals closer together than this are one press: a terminal sends them to npm as well, which sends them on. */
const ONE_PRESS_MS = 300;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What ends a command from outside; PIPE is a reader that went away, of whom a failed write tells. */
export type Interrupt = (typeof SIGNALS)[number] | "SIGPIPE";

export class Interrupts {
  /** What came first, or null. */
  by: Interrupt | null = null;
  readonly #io: Pick<Io, "signals" | "now">;
  readonly #again = new AbortController();
  #pressedAt = Number.NEGATIVE_INFINITY;
  #onFirst: (() => void) | null = null;
  readonly #listeners = SIGNALS.map((signal) => [signal, () => this.#press(signal)] as const);

  constructor(io: Pick<Io, "signals" | "now">) {
    this.#io = io;
    for (const [signal, listener] of this.#listeners) io.signals.on(signal, listener);
  }

  /** Aborts at the second press. */
  get again(): AbortSignal {
    return this.#again.signal;
  }

  /** What the first press does; done at once where it has come already. */
  onFirst(action: () => void): void {
    this.#onFirst = action;
    if (this.by !== null) action();
  }

  /** Gives the signals back. */
  stop(): void {
    for (const [signal, listener] of this.#listeners) this.#io.signals.off(signal, listener);
  }

  /** A reader of ours went away: asks for the end as a signal does, but nobody pressed, so it is never a second press. */
  readerGone(): void {
    if (this.by === null) this.#first("SIGPIPE");
  }

  #press(signal: Interrupt): void {
    const now = this.#io.now();
    if (now - this.#pressedAt < ONE_PRESS_MS) return;
    this.#pressedAt = now;
    if (this.by !== null) {
      this.#again.abort();
      return;
    }
    this.#first(signal);
  }

  #first(by: Interrupt): void {
    this.by = by;
    this.#onFirst?.();
  }
}

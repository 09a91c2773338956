/** Ctrl-C and TERM while something runs elsewhere: the first asks for its end, the second leaves it alone. */

import type { Io } from "./io.ts";

/** Signals closer together than this are one press: a terminal sends them to npm as well, which sends them on. */
const ONE_PRESS_MS = 300;

export class Interrupts {
  /** What came first, or null. */
  by: "SIGINT" | "SIGTERM" | null = null;
  readonly #io: Pick<Io, "signals" | "now">;
  readonly #again = new AbortController();
  #pressedAt = Number.NEGATIVE_INFINITY;
  #onFirst: (() => void) | null = null;
  readonly #onInt = () => this.#press("SIGINT");
  readonly #onTerm = () => this.#press("SIGTERM");

  constructor(io: Pick<Io, "signals" | "now">) {
    this.#io = io;
    io.signals.on("SIGINT", this.#onInt);
    io.signals.on("SIGTERM", this.#onTerm);
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
    this.#io.signals.off("SIGINT", this.#onInt);
    this.#io.signals.off("SIGTERM", this.#onTerm);
  }

  #press(signal: "SIGINT" | "SIGTERM"): void {
    const now = this.#io.now();
    if (now - this.#pressedAt < ONE_PRESS_MS) return;
    this.#pressedAt = now;
    if (this.by !== null) {
      this.#again.abort();
      return;
    }
    this.by = signal;
    this.#onFirst?.();
  }
}

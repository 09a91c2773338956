/** The restarts by policy that are to come, each a while after its Machine's end. */

export class Restarts {
  readonly #delayMs: number;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  later(id: string, restart: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(id);
      restart();
    }, this.#delayMs);
    this.#timers.set(id, timer);
  }

  forget(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}

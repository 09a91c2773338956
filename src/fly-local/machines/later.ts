/** What is put off, and not forgotten where the server ends before. */

export class Later {
  readonly #waiting = new Map<NodeJS.Timeout, () => void>();

  /** Does this after a time, or at once where the server ends before. */
  after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#waiting.delete(timer);
      act();
    }, ms);
    this.#waiting.set(timer, act);
  }

  /** Settles after a time, or where the server ends before. */
  async pause(ms: number): Promise<void> {
    // A start that nothing holds up does not wait for a turn of the event loop.
    if (ms > 0) await new Promise<void>((resolve) => this.after(ms, resolve));
  }

  /** Does all of it now. */
  close(): void {
    for (const [timer, act] of this.#waiting) {
      clearTimeout(timer);
      act();
    }
    this.#waiting.clear();
  }
}

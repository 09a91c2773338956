/**
 * Work that takes real time, as encryption does, in a world of virtual time: that stands still until the work is done. It is done
 * one piece at a time, in the order in which it was begun, so that a seed gives the same story each time.
 */

export class RealWork {
  #last: Promise<void> = Promise.resolve();
  #pending = 0;

  get isDone(): boolean {
    return this.#pending === 0;
  }

  /** Waits for its turn. The answer gives the turn back, to be called once. */
  async turn(): Promise<() => void> {
    this.#pending += 1;
    const before = this.#last;
    let end = () => {};
    this.#last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return () => {
      this.#pending -= 1;
      end();
    };
  }
}

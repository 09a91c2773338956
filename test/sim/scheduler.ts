/** Virtual time: what is to happen, in the order of its time, one thing after the other. Nothing here waits for real. */

import { RealWork } from "./real-work.ts";
import { isCryptoAtWork } from "./web-crypto.ts";

export interface Timer {
  cancel(): void;
}

interface Entry {
  at: number;
  /** Breaks ties: what was planned first comes first. */
  order: number;
  what: (() => void) | null;
}

export class Scheduler {
  /** Until it is done nothing else happens. */
  readonly realWork = new RealWork();
  #now: number;
  #planned = 0;
  /** A binary heap, the earliest entry first. */
  readonly #heap: Entry[] = [];

  /** @param startMs epoch milliseconds */
  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, what: () => void): Timer {
    const entry: Entry = { at: this.#now + Math.max(0, ms), order: this.#planned++, what };
    this.#push(entry);
    return {
      cancel: () => {
        entry.what = null;
      },
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /**
   * Lets the next thing happen, and all that follows from it at once.
   * @returns false where nothing is left to happen
   */
  async step(): Promise<boolean> {
    let next = this.#pop();
    while (next && next.what === null) next = this.#pop();
    if (!next?.what) return false;
    this.#now = next.at;
    next.what();
    do await settled();
    while (!this.realWork.isDone || isCryptoAtWork());
    return true;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, heap[parent] as Entry)) break;
      heap[index] = heap[parent] as Entry;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let index = 0;
    while (true) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child++;
      if (!isBefore(heap[child] as Entry, last)) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}

/** Once every promise that can go on has gone on: all of them do before the event loop turns. */
function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

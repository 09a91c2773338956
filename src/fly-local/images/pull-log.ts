/** What is said of a pull while it goes on: its beginning, how far it is each second, its end. */

import { PROGRESS_EACH_MS } from "./limits.ts";
import type { PutProgress } from "./store.ts";

export class PullLog {
  readonly #name: string;
  readonly #say: (line: string) => void;
  readonly #beganAt = Date.now();
  #saidAt = 0;

  constructor(name: string, say: (line: string) => void) {
    this.#name = name;
    this.#say = say;
  }

  tell({ fetched, total, layersDone, layers }: PutProgress): void {
    const now = Date.now();
    if (now - this.#saidAt < PROGRESS_EACH_MS) return;
    this.#saidAt = now;
    const bytes = total === null ? megabytes(fetched) : `${megabytes(fetched)} of ${megabytes(total)}`;
    this.#say(`pulling ${this.#name}: ${bytes}, ${layersDone} of ${layers} layers unpacked`);
  }

  done(unpackedBytes: number): void {
    const seconds = ((Date.now() - this.#beganAt) / 1000).toFixed(1);
    this.#say(`pulled ${this.#name} in ${seconds} s, ${megabytes(unpackedBytes)} unpacked`);
  }

  failed(why: string): void {
    this.#say(`pulling ${this.#name} failed: ${why}`);
  }
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

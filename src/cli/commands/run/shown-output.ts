/** A run's output as this command passes it on, for as long as somebody reads it. */

import type { Writable } from "node:stream";
import type { OutputLine } from "../../../api/run-schema.ts";
import { type Io, isReaderGone, write } from "../../io.ts";

export class ShownOutput {
  readonly #io: Pick<Io, "stdout" | "stderr">;
  readonly #onReaderGone: () => void;
  readonly #gone = new Set<Writable>();

  /** @param onReaderGone is called when one of the two streams is read no more; the other goes on */
  constructor(io: Pick<Io, "stdout" | "stderr">, onReaderGone: () => void) {
    this.#io = io;
    this.#onReaderGone = onReaderGone;
  }

  async pass({ stream }: OutputLine, bytes: Uint8Array): Promise<void> {
    const to = this.#io[stream];
    if (this.#gone.has(to)) return;
    try {
      await write(to, bytes);
    } catch (error) {
      if (!isReaderGone(error)) throw error;
      this.#gone.add(to);
      this.#onReaderGone();
    }
  }
}

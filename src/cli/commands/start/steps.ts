/** What `mayfly start` is doing, a line a step, with the time since it began. */

import { type Io, write } from "../../io.ts";

export class Steps {
  readonly #io: Io;
  readonly #startedAt: number;

  constructor(io: Io) {
    this.#io = io;
    this.#startedAt = io.now();
  }

  /** A step that begins now. */
  async say(what: string): Promise<void> {
    const seconds = ((this.#io.now() - this.#startedAt) / 1000).toFixed(1);
    await write(this.#io.stdout, `${seconds.padStart(5)} s  ${what}\n`);
  }

  /** Lines below a step. */
  async add(text: string): Promise<void> {
    const indented = text.replaceAll(/^(?=.)/gm, "         ");
    await write(this.#io.stdout, indented.endsWith("\n") ? indented : `${indented}\n`);
  }
}

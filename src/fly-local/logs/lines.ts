/** Cuts what a stream brings into lines of text. */

import { LOG_LINE_MAX_BYTES } from "../limits.ts";

export class Lines {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Uint8Array): void {
    this.#cut(this.#decoder.decode(bytes, { stream: true }));
  }

  /** Ends the line that was begun, which the last one may be. */
  end(): void {
    this.#cut(this.#decoder.decode());
    if (this.#rest !== "") this.#onLine(this.#rest);
    this.#rest = "";
  }

  #cut(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
    while (this.#rest.length > LOG_LINE_MAX_BYTES) {
      this.#onLine(this.#rest.slice(0, LOG_LINE_MAX_BYTES));
      this.#rest = this.#rest.slice(LOG_LINE_MAX_BYTES);
    }
  }
}

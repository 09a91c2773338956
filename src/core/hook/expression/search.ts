/**
 * Looks for a text in a text, in a time that grows with both and not with their product (Knuth, Morris and Pratt's way): the platform's own search
 * takes more than a minute for a million characters that are nearly what is sought.
 */

import type { Meter } from "./meter.ts";

/** What is shorter the platform looks for: it looks at each place of the text so many times at most. */
const SHORT = 8;

export class Search {
  readonly #sought: string;
  readonly #meter: Meter;
  /** How much of it still fits, where it fitted so far and does not with the next character. */
  readonly #fallback: Int32Array;

  constructor(sought: string, meter: Meter) {
    meter.spendOnText(4 * sought.length);
    this.#sought = sought;
    this.#meter = meter;
    this.#fallback = new Int32Array(sought.length);
    for (let at = 1, fits = 0; at < sought.length; at++) {
      while (fits > 0 && sought[at] !== sought[fits]) fits = this.#fallback[fits - 1] ?? 0;
      if (sought[at] === sought[fits]) fits += 1;
      this.#fallback[at] = fits;
    }
  }

  /** Where it is first from a place on; -1: nowhere. */
  first(text: string, from: number): number {
    if (this.#sought.length > SHORT) return this.#walk(text, from, text.length, true);
    const found = text.indexOf(this.#sought, from);
    this.#meter.spendOnText(SHORT * ((found < 0 ? text.length : found) - from));
    return found;
  }

  /** Where it is last, up to a place at which it may begin; -1: nowhere. */
  last(text: string, upTo: number): number {
    if (this.#sought.length > SHORT) return this.#walk(text, 0, upTo + this.#sought.length, false);
    this.#meter.spendOnText(SHORT * upTo);
    return text.lastIndexOf(this.#sought, upTo);
  }

  #walk(text: string, from: number, to: number, isFirst: boolean): number {
    const sought = this.#sought;
    const end = Math.min(to, text.length);
    this.#meter.spendOnText(4 * (end - from));
    let found = -1;
    for (let at = from, fits = 0; at < end; at++) {
      const unit = text.charCodeAt(at);
      while (fits > 0 && sought.charCodeAt(fits) !== unit) fits = this.#fallback[fits - 1] ?? 0;
      if (sought.charCodeAt(fits) === unit) fits += 1;
      if (fits < sought.length) continue;
      found = at - sought.length + 1;
      if (isFirst) return found;
      fits = this.#fallback[fits - 1] ?? 0;
    }
    return found;
  }
}

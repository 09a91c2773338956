/** The parts of a regular expression, as far as it matters whether a text matches: no groups that capture, nothing greedy or lazy. */

export type Node =
  | { kind: "one"; of: CharSet }
  | { kind: "sequence"; parts: Node[] }
  | { kind: "either"; of: Node[] }
  | { kind: "repeat"; node: Node; min: number; max: number }
  | { kind: "place"; isHere: Place }
  | { kind: "look"; isAhead: boolean; isNegated: boolean; node: Node };

/** Whether a place of a text, between two characters, is one that is meant: its start, its end, the edge of a word. */
export type Place = (points: Uint32Array, at: number) => boolean;

/** Characters that one part of an expression stands for. The platform's own regular expressions say which they are, one by one. */
export class CharSet {
  readonly #one: RegExp;
  /** By code point: 0 not asked yet, 1 no, 2 yes. */
  readonly #ascii = new Uint8Array(128);
  readonly #others = new Map<number, boolean>();

  /** @param source of one character, such as "[a-z]", with the flags that hold for it */
  constructor(source: string, flags: string) {
    this.#one = new RegExp(`^(?:${source})$`, flags);
  }

  has(point: number): boolean {
    if (point < 128) {
      this.#ascii[point] ||= this.#asked(point) ? 2 : 1;
      return this.#ascii[point] === 2;
    }
    const known = this.#others.get(point);
    if (known !== undefined) return known;
    const found = this.#asked(point);
    this.#others.set(point, found);
    return found;
  }

  #asked(point: number): boolean {
    return this.#one.test(String.fromCodePoint(point));
  }
}

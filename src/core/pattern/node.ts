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

/** Steps that checks may still take together; one takes some 20 ns. */
export interface Steps {
  left: number;
}

/** What it takes to ask the platform of one character. */
const STEPS_PER_QUESTION = 20;

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

  /** @param steps that a question of the platform takes; null where it is of edges of words, of which there are few characters */
  has(point: number, steps: Steps | null = null): boolean {
    if (point < 128) {
      this.#ascii[point] ||= this.#asked(point, steps) ? 2 : 1;
      return this.#ascii[point] === 2;
    }
    const known = this.#others.get(point);
    if (known !== undefined) return known;
    const found = this.#asked(point, steps);
    this.#others.set(point, found);
    return found;
  }

  #asked(point: number, steps: Steps | null): boolean {
    if (steps !== null) steps.left -= STEPS_PER_QUESTION;
    return this.#one.test(String.fromCodePoint(point));
  }
}

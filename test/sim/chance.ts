/**
 * Chance that can be repeated and taken back piece by piece. Every draw has a label and its number among the draws of that
 * label, and its value comes of these and the seed alone: leaving one fault out changes no other draw, so that a failing
 * story can be made shorter.
 */

export class Chance {
  readonly #seed: number;
  readonly #without: ReadonlySet<string>;
  readonly #draws = new Map<string, number>();
  readonly #hashes = new Map<string, number>();
  /** Faults that came about, in order: "crash before a call #3". */
  readonly faults: string[] = [];
  /** False once the storm is over: no more faults. */
  stormy = true;

  /** @param without faults that do not come about, though they would */
  constructor(seed: number, without: ReadonlySet<string> = new Set()) {
    this.#seed = seed;
    this.#without = without;
  }

  /** From 0 up to 1. */
  number(label: string): number {
    return this.#drawn(label).value;
  }

  /** A whole number from `min` to `max`, both included. */
  between(label: string, min: number, max: number): number {
    return min + Math.floor(this.number(label) * (max - min + 1));
  }

  pick<T>(label: string, choices: readonly [T, ...T[]]): T {
    return choices[this.between(label, 0, choices.length - 1)] ?? choices[0];
  }

  /** True where a fault comes about that does with this probability, in a seed whose storm has this kind at all. */
  fault(kind: string, probability: number): boolean {
    const { value, number } = this.#drawn(kind);
    if (!this.stormy || value >= probability * this.#strength(kind)) return false;
    const name = `${kind} #${number}`;
    if (this.#without.has(name)) return false;
    this.faults.push(name);
    return true;
  }

  /** Each seed has about half of the kinds, some of them often: together they would hide what each of them brings about. */
  #strength(kind: string): number {
    const drawn = hashed(this.#seed, this.#hashOf(`strength of ${kind}`), 0);
    return drawn < 0.45 ? 0 : drawn < 0.9 ? 1 : 4;
  }

  #drawn(label: string): { value: number; number: number } {
    const number = (this.#draws.get(label) ?? 0) + 1;
    this.#draws.set(label, number);
    return { value: hashed(this.#seed, this.#hashOf(label), number), number };
  }

  #hashOf(label: string): number {
    let hash = this.#hashes.get(label);
    if (hash === undefined) {
      // FNV-1a
      hash = 0x811c9dc5;
      for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
      this.#hashes.set(label, hash);
    }
    return hash;
  }
}

/** Mixes three numbers into one from 0 up to 1 (the finalizer of MurmurHash3, twice). */
function hashed(seed: number, label: number, number: number): number {
  const first = mixed((Math.imul(seed, 0x9e3779b1) ^ label) + Math.imul(number, 0x85ebca6b));
  return (mixed(first ^ number) >>> 0) / 4294967296;
}

function mixed(from: number): number {
  let value = from | 0;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}

/** A bounded memory of what was worked out: the least recently made goes first. What is asked for again is made again. */
export class Kept<Value> {
  readonly #values = new Map<string, Value>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get(key: string, make: () => Value): Value {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const made = make();
    const oldest = this.#values.size >= this.#max ? this.#values.keys().next() : null;
    if (oldest && !oldest.done) this.#values.delete(oldest.value);
    this.#values.set(key, made);
    return made;
  }
}

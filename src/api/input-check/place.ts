/** A place in an input. There is one of each, so that it knows what was said of it. */
export class Place {
  readonly #above: Place | null;
  readonly #name: string;
  #inside: Map<string | number, Place> | null = null;
  #said: Set<string> | null = null;

  constructor(above: Place | null = null, name: string | number = "") {
    this.#above = above;
    this.#name = String(name);
  }

  /** The field or item of this name or number. */
  at(name: string | number): Place {
    this.#inside ??= new Map();
    const known = this.#inside.get(name);
    if (known !== undefined) return known;
    const place = new Place(this, name);
    this.#inside.set(name, place);
    return place;
  }

  /** False where the same was said before. */
  isNews(what: string): boolean {
    this.#said ??= new Set();
    const before = this.#said.size;
    return this.#said.add(what).size > before;
  }

  get path(): string[] {
    return this.#above === null ? [] : [...this.#above.path, this.#name];
  }
}

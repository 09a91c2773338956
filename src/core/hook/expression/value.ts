/** Values of expressions: CEL's own, and JSON looked at as them (https://github.com/google/cel-spec/blob/master/doc/langdef.md#values). */

import type { Json } from "../delivery.ts";
import { type Meter, TooManySteps } from "./meter.ts";

/** A bigint is CEL's int, of 64 bits with a sign; a number is its double. */
export type Value = null | boolean | bigint | number | string | List | Dict | Optional;
export type Key = boolean | bigint | string;

/** Levels of values that are compared, each of which is a call within a call. JSON that anybody sends on purpose has ten. */
const LEVELS_MAX = 500;

/** A list: of values, or of JSON that becomes values where it is looked at. */
export class List {
  readonly #values: readonly Value[] | null;
  readonly #json: readonly Json[];

  constructor(values: readonly Value[] | null, json: readonly Json[] = []) {
    this.#values = values;
    this.#json = json;
  }

  get size(): number {
    return (this.#values ?? this.#json).length;
  }

  at(index: number): Value {
    return this.#values === null ? fromJson(this.#json[index] ?? null) : (this.#values[index] ?? null);
  }
}

/** A map: of values, or an object of JSON, of which only what it has itself counts. */
export class Dict {
  readonly #values: ReadonlyMap<Key, Value> | null;
  readonly #json: { [key: string]: Json };

  constructor(values: ReadonlyMap<Key, Value> | null, json: { [key: string]: Json } = {}) {
    this.#values = values;
    this.#json = json;
  }

  /** Undefined where there is none. */
  get(key: Key): Value | undefined {
    if (this.#values !== null) return this.#values.get(key);
    return typeof key === "string" && Object.hasOwn(this.#json, key)
      ? fromJson(this.#json[key] ?? null)
      : undefined;
  }

  keys(meter: Meter): Key[] {
    const keys = this.#values === null ? Object.keys(this.#json) : [...this.#values.keys()];
    meter.spend(2 * keys.length);
    return keys;
  }
}

/** What `.?name` gives: a value, or none. */
export class Optional {
  readonly value: Value | undefined;

  constructor(value: Value | undefined) {
    this.value = value;
  }
}

/** A whole number of JSON is an int, as far as it is told exactly. */
export function fromJson(json: Json): Value {
  if (typeof json === "number") return Number.isSafeInteger(json) ? BigInt(json) : json;
  if (typeof json !== "object" || json === null) return json;
  return Array.isArray(json) ? new List(null, json) : new Dict(null, json);
}

/** As CEL names it. */
export function typeOf(value: Value): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "double";
    case "string":
      return "string";
    default:
      return value instanceof List ? "list" : value instanceof Dict ? "map" : "optional";
  }
}

/** Numbers by what they are worth, 1 and 1.0 alike; lists and maps by what is in them. */
export function isEqual(one: Value, other: Value, meter: Meter, levels = LEVELS_MAX): boolean {
  meter.spend(1);
  if (levels === 0) throw new TooManySteps();
  if (typeof one === "string" && typeof other === "string") {
    if (one.length === other.length) meter.spendOnText(one.length);
    return one === other;
  }
  // Only these operators compare an int with a double.
  if (isNumber(one) && isNumber(other)) return one <= other && one >= other;
  if (one instanceof List && other instanceof List) {
    if (one.size !== other.size) return false;
    for (let i = 0; i < one.size; i++) if (!isEqual(one.at(i), other.at(i), meter, levels - 1)) return false;
    return true;
  }
  if (one instanceof Dict && other instanceof Dict) {
    const keys = one.keys(meter);
    if (keys.length !== other.keys(meter).length) return false;
    for (const key of keys) {
      const [a, b] = [one.get(key), other.get(key)];
      if (a === undefined || b === undefined || !isEqual(a, b, meter, levels - 1)) return false;
    }
    return true;
  }
  if (one instanceof Optional && other instanceof Optional) {
    if (one.value === undefined || other.value === undefined) return one.value === other.value;
    return isEqual(one.value, other.value, meter, levels - 1);
  }
  return one === other;
}

export function isNumber(value: Value): value is bigint | number {
  return typeof value === "bigint" || typeof value === "number";
}

/** Less than zero where the first comes first. Texts in the order of their code points, as CEL has it. Null where they have no order. */
export function order(one: Value, other: Value, meter: Meter): number | null {
  // Neither less, nor more, nor the same: one of them is NaN.
  if (isNumber(one) && isNumber(other)) return one < other ? -1 : one > other ? 1 : one >= other ? 0 : null;
  if (typeof one === "boolean" && typeof other === "boolean") return Number(one) - Number(other);
  if (typeof one !== "string" || typeof other !== "string") return null;
  const length = Math.min(one.length, other.length);
  meter.spendOnText(length * 8);
  for (let i = 0; i < length; i++) {
    const [a, b] = [one.charCodeAt(i), other.charCodeAt(i)];
    if (a === b) continue;
    // Halves of pairs stand for what comes after all that one unit can say.
    const [isPairA, isPairB] = [isHalf(a), isHalf(b)];
    return isPairA === isPairB ? a - b : isPairA ? 1 : -1;
  }
  return one.length - other.length;
}

function isHalf(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000;
}

/** JSON values by chance, and documents that are almost right. */

export type Chance = () => number;

export function oneOf<T>(chance: Chance, values: readonly T[]): T {
  return values[Math.floor(chance() * values.length)] as T;
}

const WORDS = [
  ...["a", "b", "run", "env", "constructor", "toString", "__proto__", "prototype", "a/b", "~", "%", "$ref"],
  ...["length", "ü", ""],
];
const SCALARS = [null, true, false, 0, -1, 1.5, 1e21, "", "a", "\0", "\ud800", "1", "{job}", "{input.a}"];

/** Any JSON value, at most so many levels deep. */
export function anyJson(chance: Chance, levels: number): unknown {
  const kind = levels === 0 ? 0 : chance();
  if (kind < 0.5) return oneOf(chance, SCALARS);
  const count = Math.floor(chance() * 4);
  if (kind < 0.7) return Array.from({ length: count }, () => anyJson(chance, levels - 1));
  return Object.fromEntries(
    Array.from({ length: count }, () => [oneOf(chance, WORDS), anyJson(chance, levels - 1)]),
  );
}

/** A copy in which one value at some depth is another, is gone, or has a neighbour. */
export function mutated(chance: Chance, value: unknown): unknown {
  if (typeof value !== "object" || value === null || chance() < 0.15) return anyJson(chance, 3);
  if (Array.isArray(value)) {
    const index = Math.floor(chance() * (value.length + 1));
    return value.toSpliced(index, 1, mutated(chance, value[index]));
  }
  const name = oneOf(chance, [...Object.keys(value), oneOf(chance, WORDS)]);
  const others = Object.entries(value).filter(([other]) => other !== name);
  const inside = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  // By entries: assigned, "__proto__" would be no field.
  return Object.fromEntries(chance() < 0.2 ? others : [...others, [name, mutated(chance, inside)]]);
}

/** What every object has, by which it shows where one has been made to change what all others are. */
export function prototypesNow(): string[][] {
  return [Object.prototype, Array.prototype, Function.prototype, String.prototype].map((prototype) =>
    Reflect.ownKeys(prototype).map(String),
  );
}

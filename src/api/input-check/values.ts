/** What is asked of values again and again, found out once of each: the names of its fields, and which values are the same. */

import { isObject } from "../spec-input.ts";
import type { CheckSteps } from "./steps.ts";

/** Characters of a text that are looked at in the time of one step. */
const CHARS_PER_STEP = 64;
/** For each part of a value that is given a number. */
const STEPS_PER_NUMBER = 5;

export class Values {
  readonly #steps: CheckSteps;
  readonly #names = new Map<object, string[]>();
  /** Numbers of texts, numbers and the like. */
  readonly #plain = new Map<unknown, number>();
  /** Of lists and objects, by the numbers of their parts. */
  readonly #composed = new Map<string, number>();
  /** The same by themselves. */
  readonly #known = new Map<object, number>();
  #last = 0;
  readonly #sets = new Map<unknown[], Set<number>>();

  constructor(steps: CheckSteps) {
    this.#steps = steps;
  }

  /** The names of an object's fields. */
  namesOf(value: object): string[] {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const names = Object.keys(value);
    this.#steps.take(names.length);
    this.#names.set(value, names);
    return names;
  }

  areSame(a: unknown, b: unknown): boolean {
    return this.#numberOf(a) === this.#numberOf(b);
  }

  isAmong(value: unknown, list: unknown[]): boolean {
    return this.#setOf(list).has(this.#numberOf(value));
  }

  areUnique(list: unknown[]): boolean {
    return this.#setOf(list).size === list.length;
  }

  #setOf(list: unknown[]): Set<number> {
    const known = this.#sets.get(list);
    if (known !== undefined) return known;
    const set = new Set(list.map((item) => this.#numberOf(item)));
    this.#sets.set(list, set);
    return set;
  }

  /** Values are the same where their numbers are: numbers by value, objects whatever the order of their fields. */
  #numberOf(value: unknown): number {
    if (typeof value !== "object" || value === null) {
      this.#steps.take(1 + (typeof value === "string" ? value.length / CHARS_PER_STEP : 0));
      return this.#numbered(this.#plain, value);
    }
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const number = this.#numbered(this.#composed, this.#written(value));
    this.#known.set(value, number);
    return number;
  }

  #written(value: object): string {
    if (!isObject(value)) {
      const items = value as unknown[];
      this.#steps.take(1 + items.length * STEPS_PER_NUMBER);
      return `[${items.map((item) => this.#numberOf(item)).join()}`;
    }
    const names = this.namesOf(value);
    this.#steps.take(1 + 2 * names.length * STEPS_PER_NUMBER);
    const fields = names.map((name) => `${this.#numberOf(name)}:${this.#numberOf(value[name])}`);
    return `{${fields.sort().join()}`;
  }

  #numbered<T>(numbers: Map<T, number>, key: T): number {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    this.#last += 1;
    numbers.set(key, this.#last);
    return this.#last;
  }
}

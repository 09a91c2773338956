/**
 * One input against the schema of a job: JSON Schema's closed list of words, walked through word by word, as Workers forbid to make code.
 * How long it takes depends on schema and input together, so that no look at one of them can tell; therefore all that is done is counted.
 */

import { INPUT_CHECK_MAX_LEVELS } from "../../core/limits.ts";
import { Pattern } from "../../core/pattern/match.ts";
import { draftOf, type InputSchema, pathOf } from "../input-schema.ts";
import { isObject } from "../spec-input.ts";
import { LIST_WORDS } from "./list-words.ts";
import { NUMBER_WORDS } from "./number-words.ts";
import { OBJECT_WORDS } from "./object-words.ts";
import { Place } from "./place.ts";
import { Seen } from "./seen.ts";
import { sentence } from "./sentence.ts";
import { type CheckSteps, EndlessCheck } from "./steps.ts";
import { TEXT_WORDS } from "./text-words.ts";
import { VALUE_WORDS } from "./value-words.ts";
import { Values } from "./values.ts";
import type { Subject, Word } from "./word.ts";

/** In the order in which they are looked at: those that ask what others have looked at come last. */
const WORDS = new Map(
  Object.entries({ ...VALUE_WORDS, ...TEXT_WORDS, ...NUMBER_WORDS, ...OBJECT_WORDS, ...LIST_WORDS }).map(
    ([name, word], order) => [name, { ...word, name, order }] as const,
  ),
);
const LOOKS_BACK = ["unevaluatedProperties", "unevaluatedItems"];

/** What each of these takes, in steps. */
const STEPS = { perSchema: 2, perWordRead: 10, perComplaint: 10, perPatternState: 5 };

interface ReadSchema {
  schema: InputSchema;
  number: number;
  words: (Word & { name: string })[];
  looksBack: boolean;
}

export interface Told {
  place: Place;
  message: () => string;
}

export class InputCheck {
  readonly steps: CheckSteps;
  readonly values: Values;
  readonly #root: InputSchema;
  readonly #isDraft7: boolean;
  readonly #read = new Map<InputSchema, ReadSchema>();
  readonly #targets = new Map<string, unknown>();
  /** By source. */
  readonly #patterns = new Map<string, { pattern: Pattern; found: Map<string, boolean> }>();
  #levels = 0;
  /** What is wrong, each once. */
  readonly told: Told[] = [];

  /** @param schema one that `schemaComplaints` has nothing to say of */
  constructor(schema: InputSchema, steps: CheckSteps) {
    this.#root = schema;
    this.#isDraft7 = draftOf(schema) === "7";
    this.steps = steps;
    this.values = new Values(steps);
  }

  /**
   * Whether an input fits; `told` has what does not.
   * @throws EndlessCheck
   */
  fits(input: unknown): boolean {
    return this.applies(this.#root, { value: input, place: new Place(), isTold: true, seen: null });
  }

  /** Whether a schema holds of a value. */
  applies(schema: unknown, subject: Subject): boolean {
    this.steps.take(STEPS.perSchema);
    if (!isObject(schema)) {
      if (schema === false) this.tell(subject, "false", () => "can not be there, by the job's schema");
      return schema === true;
    }
    if (this.#levels >= INPUT_CHECK_MAX_LEVELS)
      throw new EndlessCheck(
        `leads through more than ${INPUT_CHECK_MAX_LEVELS} schemas in one another`,
        subject.place,
      );
    this.#levels += 1;
    const holds = this.#wordsHold(this.#readOnce(schema), subject);
    this.#levels -= 1;
    return holds;
  }

  /** The same of a schema that is part of another, of the same value: what it has looked at counts for that one, too, where it holds. */
  appliesHere(schema: unknown, subject: Subject, isTold = subject.isTold): boolean {
    const seen = subject.seen && new Seen();
    const holds = this.applies(schema, { ...subject, isTold, seen });
    if (holds && seen !== null) subject.seen?.add(seen, this.steps);
    return holds;
  }

  /** The same of a part of the value. */
  appliesAt(name: string | number, value: unknown, schema: unknown, { place, isTold }: Subject): boolean {
    return this.applies(schema, { value, place: isTold ? place.at(name) : place, isTold, seen: null });
  }

  tell({ place, isTold }: Pick<Subject, "place" | "isTold">, what: string, message: () => string): void {
    if (!isTold) return;
    this.steps.take(STEPS.perComplaint);
    if (place.isNews(what)) this.told.push({ place, message });
  }

  /** The schema that a reference leads to. */
  target(reference: string): unknown {
    const known = this.#targets.get(reference);
    if (known !== undefined) return known;
    const path = pathOf(reference);
    this.steps.take(path.length * STEPS.perWordRead);
    const found = path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], this.#root);
    this.#targets.set(reference, found);
    return found;
  }

  /** @throws EndlessCheck */
  matches(source: string, text: string, place: Place): boolean {
    const { pattern, found } = this.#pattern(source, place);
    const known = found.get(text);
    if (known !== undefined) return known;
    const matches = this.steps.ofPatterns(place, (steps) => pattern.test(text, steps));
    found.set(text, matches);
    return matches;
  }

  #pattern(source: string, place: Place) {
    const known = this.#patterns.get(source);
    if (known !== undefined) return known;
    const made = { pattern: new Pattern(source), found: new Map<string, boolean>() };
    this.steps.ofPatterns(place, (steps) => {
      steps.left -= made.pattern.size * STEPS.perPatternState;
    });
    this.#patterns.set(source, made);
    return made;
  }

  #wordsHold({ schema, number, words, looksBack }: ReadSchema, subject: Subject): boolean {
    this.steps.take(words.length);
    const { value, isTold } = subject;
    const on = looksBack ? { ...subject, seen: new Seen() } : subject;
    let isRight = true;
    for (const { name, of, holds, tellsItself } of words) {
      // Where something is wrong already, it may only be that which has not been looked at.
      if (!isRight && LOOKS_BACK.includes(name)) break;
      if (!isOf(of, value) || holds(this, schema[name] as never, on as never, schema)) continue;
      if (!isTold) return false;
      isRight = false;
      if (!tellsItself) this.tell(subject, `${number} ${name}`, () => sentence(name, schema[name], value));
      // What else there is to say of it is meant for values of that type.
      if (name === "type") break;
    }
    if (isRight && looksBack && on.seen !== null) subject.seen?.add(on.seen, this.steps);
    return isRight;
  }

  #readOnce(schema: InputSchema): ReadSchema {
    const known = this.#read.get(schema);
    if (known !== undefined) return known;
    // In draft 7 nothing that stands beside a reference has a meaning.
    const names = this.#isDraft7 && schema.$ref !== undefined ? ["$ref"] : Object.keys(schema);
    this.steps.take(names.length * STEPS.perWordRead);
    const words = names.flatMap((name) => WORDS.get(name) ?? []).sort((a, b) => a.order - b.order);
    const looksBack = words.some(({ name }) => LOOKS_BACK.includes(name));
    const read = { schema, number: this.#read.size, words, looksBack };
    this.#read.set(schema, read);
    return read;
  }
}

function isOf(kind: Word["of"], value: unknown): boolean {
  switch (kind) {
    case "any":
      return true;
    case "object":
      return isObject(value);
    case "list":
      return Array.isArray(value);
    default:
      return typeof value === kind;
  }
}

/**
 * The schema of a job's input as the validator is given it for one input: a copy that ends the check when it takes too long. How long it
 * takes depends on the input, so no look at the schema alone can tell.
 */

import { dereference, format, type Schema } from "@cfworker/json-schema";
import { INPUT_CHECK_MAX_STEPS, INPUT_PATTERN_MAX_STEPS } from "../core/limits.ts";
import { Pattern, TooManySteps } from "../core/pattern/match.ts";
import type { InputSchema } from "./input-schema.ts";
import { isObject } from "./spec-input.ts";

/** A check that takes too long. The message is a sentence that a path can stand before. */
export class EndlessCheck extends Error {
  /** The text whose pattern it was; null where it was no text of the input. */
  readonly text: string | null;

  constructor(message: string, text: string | null) {
    super(message);
    this.text = text;
  }
}

/** What only people read, and others' own words. The validator would look for schemas in them. */
const NOTES = ["$schema", "$comment", "title", "description", "default", "examples", "deprecated"];
const MAPS = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
const VALUES = ["const", "enum", "required", "dependentRequired", "type"];

/** Names of fields, values of a list or pairs of items that the validator looks at in the time of one step. */
const LOOKED_AT_PER_STEP = { names: 5, values: 500, pairs: 1000 };
/** What it takes to make a state of a pattern, in steps of one. */
const STEPS_PER_STATE = 5;
const PATTERN = "pattern ";

/** The pattern that a format of {@link BoundedSchema} stands for; null where it is one of JSON Schema's own. */
export function patternIn(format: string): string | null {
  return format.startsWith(PATTERN) ? format.slice(PATTERN.length) : null;
}

export class BoundedSchema {
  readonly schema: InputSchema;
  /** Schemas by their addresses, as the validator asks for them. */
  readonly addresses: Record<string, Schema | boolean>;
  readonly #copies: InputSchema[] = [];
  /** Names of properties by copy, as its author has them. */
  readonly #properties = new Map<unknown, string[]>();
  /** By source; null as long as nothing was checked against it. */
  readonly #patterns = new Map<string, Pattern | null>();
  readonly #left = { left: INPUT_CHECK_MAX_STEPS };
  readonly #patternSteps = { left: INPUT_PATTERN_MAX_STEPS };
  readonly #lists: { areUnique: boolean; pairs: number };

  /** @param schema one that `schemaComplaints` has nothing to say of */
  constructor(schema: InputSchema, input: unknown) {
    this.#lists = listsIn(input);
    this.schema = this.#copied(schema) as InputSchema;
    this.addresses = dereference(this.schema as Schema);
    const names = [...namesIn(input)];
    for (const copy of this.#copies) this.#settle(copy, names);
  }

  /**
   * Lets the validator look at patterns, which it knows as formats of their own: it would try them itself, in any time.
   * @throws EndlessCheck
   */
  check<T>(validate: () => T): T {
    for (const key of this.#patterns.keys()) format[PATTERN + key] = (text) => this.#matches(key, text, text);
    try {
      return validate();
    } finally {
      for (const key of this.#patterns.keys()) delete format[PATTERN + key];
      this.#left.left = Number.POSITIVE_INFINITY;
    }
  }

  /** Where a reference leads to. */
  targetOf(copy: unknown): unknown {
    const address = (copy as { __absolute_ref__?: string } | undefined)?.__absolute_ref__;
    return address === undefined ? undefined : this.addresses[address];
  }

  /** Names of the properties that a schema of the copy has by its author. */
  propertiesOf(copy: unknown): string[] {
    return this.#properties.get(copy) ?? [];
  }

  #copied(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((each) => this.#copied(each));
    if (!isObject(schema)) return schema;
    const copy: InputSchema = {};
    for (const [word, value] of Object.entries(schema)) {
      if (word.startsWith("x-") || NOTES.includes(word)) continue;
      if (word === "dependencies") Object.assign(copy, this.#dependencies(value as InputSchema));
      else if (MAPS.includes(word)) copy[word] = this.#map(value as InputSchema);
      else copy[word] = VALUES.includes(word) ? value : this.#copied(value);
    }
    this.#copies.push(copy);
    return copy;
  }

  #map(map: InputSchema): InputSchema {
    return Object.fromEntries(Object.entries(map).map(([name, schema]) => [name, this.#copied(schema)]));
  }

  /** Draft 7's one word in the later draft's two, which mean the same: the validator takes names for words in the one. */
  #dependencies(map: InputSchema): InputSchema {
    const entries = Object.entries(map);
    const schemas = entries.filter(([, behind]) => !Array.isArray(behind));
    return {
      dependentRequired: Object.fromEntries(entries.filter(([, behind]) => Array.isArray(behind))),
      dependentSchemas: this.#map(Object.fromEntries(schemas)),
    };
  }

  /** What is to be put otherwise once references are found, which lead to the schema as it was written. */
  #settle(copy: InputSchema, names: string[]): void {
    const { type, enum: values = [], required = [], pattern, patternProperties, uniqueItems } = copy;
    const properties = (copy.properties ?? {}) as InputSchema;
    this.#properties.set(copy, Object.keys(properties));
    if (isObject(patternProperties)) {
      copy.properties = this.#named(properties, patternProperties, names);
      delete copy.patternProperties;
    }
    if (typeof pattern === "string") {
      this.#patterns.set(pattern, null);
      const { format: other, allOf = [] } = copy;
      if (other !== undefined) copy.allOf = [...(allOf as unknown[]), { format: other }];
      copy.format = PATTERN + pattern;
      delete copy.pattern;
    }
    if (this.#lists.areUnique) delete copy.uniqueItems;
    const fields = (required as unknown[]).length + Object.keys(copy.properties ?? {}).length;
    const pairs = uniqueItems === true && !this.#lists.areUnique ? this.#lists.pairs : 0;
    const steps =
      1 +
      Math.floor(fields / LOOKED_AT_PER_STEP.names) +
      Math.floor((values as unknown[]).length / LOOKED_AT_PER_STEP.values) +
      Math.floor(pairs / LOOKED_AT_PER_STEP.pairs);
    // Whoever applies a schema has to look at this word.
    Object.defineProperty(copy, "type", {
      enumerable: true,
      get: () => {
        this.#take(steps);
        return type;
      },
    });
  }

  #take(steps: number): void {
    this.#left.left -= steps;
    if (this.#left.left < 0)
      throw new EndlessCheck(
        `takes more than ${INPUT_CHECK_MAX_STEPS} steps to check against the job's schema`,
        null,
      );
  }

  /** The properties that an input with these names can have, each with all that is wanted of it by its name or a pattern. */
  #named(properties: InputSchema, byPattern: InputSchema, names: string[]): InputSchema {
    const named = new Map<string, unknown[]>(
      Object.entries(properties).map(([name, each]) => [name, [each]]),
    );
    for (const [pattern, schema] of Object.entries(byPattern))
      for (const name of names)
        if (this.#matches(pattern, name, null)) named.set(name, [...(named.get(name) ?? []), schema]);
    return Object.fromEntries(
      [...named].map(([name, all]) => [name, all.length === 1 ? all[0] : { allOf: all }]),
    );
  }

  #pattern(source: string): Pattern {
    const known = this.#patterns.get(source);
    if (known) return known;
    const pattern = new Pattern(source);
    this.#patternSteps.left -= pattern.size * STEPS_PER_STATE;
    this.#patterns.set(source, pattern);
    return pattern;
  }

  #matches(source: string, text: string, ofInput: string | null): boolean {
    try {
      return this.#pattern(source).test(text, this.#patternSteps);
    } catch (error) {
      if (!(error instanceof TooManySteps)) throw error;
      throw new EndlessCheck(
        `takes more than ${INPUT_PATTERN_MAX_STEPS} steps to check against the patterns of the job's schema`,
        ofInput,
      );
    }
  }
}

/** Names of fields anywhere in a value. */
function namesIn(value: unknown, names = new Set<string>()): Set<string> {
  if (isObject(value)) for (const name of Object.keys(value)) names.add(name);
  for (const each of insideOf(value)) namesIn(each, names);
  return names;
}

/** Of the lists anywhere in a value: whether none has an item twice, and the pairs of items in the longest. */
function listsIn(value: unknown): { areUnique: boolean; pairs: number } {
  const inside = insideOf(value).map(listsIn);
  const items = Array.isArray(value) ? value : [];
  return {
    areUnique:
      inside.every(({ areUnique }) => areUnique) && new Set(items.map(ordered)).size === items.length,
    pairs: inside.reduce((most, { pairs }) => Math.max(most, pairs), items.length ** 2),
  };
}

function insideOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
}

/** The same text for the same value, however its fields are ordered. */
function ordered(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

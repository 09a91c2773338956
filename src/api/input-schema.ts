/**
 * The schema of a job's input (JSON Schema 2020-12, or draft 7 where `$schema` says so), checked when the job is put, so that checking an
 * input can not fail for the schema's sake.
 */

import { INPUT_PATTERN_MAX_CHARS, INPUT_PATTERN_MAX_STATES, INPUT_SCHEMA_MAX_BYTES } from "../core/limits.ts";
import { patternComplaint } from "../core/pattern/match.ts";
import { rightPlaces } from "./field-complaints.ts";
import { DRAFTS, type Draft, FORMATS, TYPES, WORDS, type WordKind } from "./json-schema-words.ts";
import { isObject } from "./spec-input.ts";

export type InputSchema = Record<string, unknown>;

/** What is wrong, and where in the schema. */
export interface SchemaComplaint {
  path: string[];
  message: string;
}

/** The draft that a schema is written in. */
export function draftOf(schema: InputSchema): Draft {
  return typeof schema.$schema === "string"
    ? (DRAFTS[schema.$schema.replace(/#$/, "")] ?? "2020-12")
    : "2020-12";
}

/** All that is wrong with a schema; nothing: checking an input against it can not fail for its sake. */
export function schemaComplaints(schema: InputSchema): SchemaComplaint[] {
  if (new TextEncoder().encode(JSON.stringify(schema)).byteLength > INPUT_SCHEMA_MAX_BYTES)
    return [{ path: [], message: `can be at most ${INPUT_SCHEMA_MAX_BYTES} bytes` }];
  // Which words there are depends on the draft.
  const ofDraft = schema.$schema === undefined ? null : complaintOf("draft", schema.$schema);
  if (ofDraft !== null) return [{ path: ["$schema"], message: ofDraft }];
  const checked = new CheckedSchema(schema);
  checked.walk(schema, []);
  checked.checkReferences();
  return checked.complaints;
}

/** Words whose schemas are applied to the very value that the schema itself is applied to. */
const IN_PLACE = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"];

class CheckedSchema {
  readonly #words: Record<string, WordKind>;
  /** By JSON Pointer. */
  readonly #schemas = new Map<string, unknown>();
  readonly #references: { path: string[]; to: string }[] = [];
  readonly complaints: SchemaComplaint[] = [];

  constructor(schema: InputSchema) {
    this.#words = WORDS[draftOf(schema)];
  }

  /** By recursion: a body is at most `JSON_LEVELS_MAX` deep. */
  walk(schema: unknown, path: string[]): void {
    this.#schemas.set(pointer(path), schema);
    if (typeof schema === "boolean") return;
    if (!isObject(schema)) {
      this.#complain(path, "must be a schema: an object, true or false");
      return;
    }
    for (const [word, value] of Object.entries(schema)) this.#checkWord(word, value, [...path, word]);
  }

  #complain(path: string[], message: string): void {
    this.complaints.push({ path, message });
  }

  #checkWord(word: string, value: unknown, path: string[]): void {
    // Words of others' own, as OpenAPI has them, are notes.
    if (word.startsWith("x-")) return;
    const kind = Object.hasOwn(this.#words, word) ? this.#words[word] : undefined;
    if (kind === undefined) {
      this.#complain(
        path,
        `unknown word; known are ${Object.keys(this.#words).join(", ")}, and names that start with x- are left alone`,
      );
      return;
    }
    if (kind === "draft" && path.length > 1) {
      this.#complain(path, "can stand at the top alone");
      return;
    }
    const schemas = this.#schemasIn(kind, value);
    const complaint = schemas === null ? complaintOf(kind, value) : null;
    if (complaint !== null) {
      this.#complain(path, complaint);
      return;
    }
    if (word === "patternProperties")
      for (const pattern of Object.keys(value as object)) {
        const wrong = complaintOf("pattern", pattern);
        if (wrong !== null) this.#complain([...path, pattern], wrong);
      }
    for (const [name, schema] of schemas ?? []) this.walk(schema, name === null ? path : [...path, name]);
    if (kind === "reference") this.#references.push({ path, to: value as string });
  }

  /** The schemas behind a word by their names, null for the value itself; null where the word has none. */
  #schemasIn(kind: WordKind, value: unknown): [string | null, unknown][] | null {
    const isList = Array.isArray(value) && value.length > 0;
    const tuple = kind === "items" && this.#words === WORDS["7"] && isList;
    if ((kind === "schemas" && isList) || tuple)
      return (value as unknown[]).map((schema, index) => [String(index), schema]);
    if (kind === "schema" || kind === "items") return [[null, value]];
    if (kind === "named_schemas" && isObject(value)) return Object.entries(value);
    if (kind === "dependencies" && isObject(value))
      return Object.entries(value).filter(([, behind]) => complaintOf("names", behind) !== null);
    return null;
  }

  /** Of one that leads into what is wrong itself there is nothing to say. */
  checkReferences(): void {
    const isRight = rightPlaces(this.complaints.map(({ path }) => path));
    for (const { path, to } of this.#references)
      if (!this.#schemas.has(pointer(pathOf(to))) && isRight(pathOf(to)))
        this.#complain(path, `there is no schema at ${to.slice(0, 100)} in this document`);
    const known = new Map<unknown, "open" | "closed">();
    for (const { path } of this.#references) this.#refuseCircle(path.slice(0, -1), known);
  }

  /** A schema that leads to itself without going into the value would never come to an end. */
  #refuseCircle(path: string[], known: Map<unknown, "open" | "closed">): void {
    const schema = this.#schemas.get(pointer(path));
    if (!isObject(schema) || known.get(schema) === "closed") return;
    if (known.get(schema) === "open") {
      this.#complain(
        path,
        "refers to itself in a circle: a schema can come back only inside of a property or an item",
      );
      return;
    }
    known.set(schema, "open");
    for (const word of IN_PLACE.filter((name) => Object.hasOwn(schema, name))) {
      const value = schema[word];
      const inside = isObject(value) || Array.isArray(value) ? Object.keys(value) : [];
      this.#refuseCircle([...path, word], known);
      for (const name of inside)
        if (this.#schemas.has(pointer([...path, word, name])))
          this.#refuseCircle([...path, word, name], known);
    }
    if (typeof schema.$ref === "string") this.#refuseCircle(pathOf(schema.$ref), known);
    known.set(schema, "closed");
  }
}

/** What is wrong with the value of a word that has no schemas in it; null where nothing is. */
function complaintOf(kind: WordKind, value: unknown): string | null {
  const isText = typeof value === "string";
  switch (kind) {
    case "schemas":
      return "must be a list of schemas with one at least";
    case "named_schemas":
    case "dependencies":
      return "must be an object of schemas by name";
    case "type": {
      const types = Array.isArray(value) ? value : [value];
      return types.length > 0 && types.every((type) => TYPES.includes(type as string))
        ? null
        : `must be one of ${TYPES.join(", ")}, or a list of them`;
    }
    case "names":
      return areNames(value) ? null : "must be a list of names";
    case "named_names":
      return isObject(value) && Object.values(value).every(areNames)
        ? null
        : "must be an object of lists of names";
    case "values":
      return Array.isArray(value) && value.length > 0 ? null : "must be a list of values with one at least";
    case "count":
      return Number.isSafeInteger(value) && (value as number) >= 0 ? null : "must be a whole number from 0";
    case "number":
      return typeof value === "number" ? null : "must be a number";
    case "positive":
      return typeof value === "number" && value > 0 ? null : "must be a number above 0";
    case "pattern":
      if (!isText) return "must be a regular expression";
      return value.length > INPUT_PATTERN_MAX_CHARS
        ? `can have at most ${INPUT_PATTERN_MAX_CHARS} characters`
        : patternComplaint(value, INPUT_PATTERN_MAX_STATES);
    case "format":
      return FORMATS.includes(value as string) ? null : `must be one of ${FORMATS.join(", ")}`;
    case "reference":
      return isText && /^#(?:\/|$)/.test(value)
        ? null
        : 'must lead to a place in this document, such as "#/$defs/name": nothing is fetched';
    case "truth":
      return typeof value === "boolean" ? null : "must be true or false";
    case "text":
      return isText ? null : "must be text";
    case "list":
      return Array.isArray(value) ? null : "must be a list";
    case "draft":
      return isText && Object.hasOwn(DRAFTS, value.replace(/#$/, ""))
        ? null
        : `must be one of ${Object.keys(DRAFTS).join(", ")}`;
    case "schema":
    case "items":
    case "value":
      return null;
  }
}

function areNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

/** A JSON Pointer (RFC 6901). */
function pointer(path: string[]): string {
  return path.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The names in a pointer in a URI's fragment; names that no schema has where it is none. */
function pathOf(reference: string): string[] {
  let text = reference.slice(1);
  try {
    text = decodeURIComponent(text);
  } catch {
    // A lone % stands for itself.
  }
  return text === ""
    ? []
    : text
        .slice(1)
        .split("/")
        .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** What is wrong with an input, as its sender reads it: the place in the input, what is accepted there, and what came instead. */

import type { OutputUnit } from "@cfworker/json-schema";
import { type BoundedSchema, patternIn } from "./bounded-schema.ts";
import { clipped, KINDS, shown } from "./complaints.ts";

/** Errors that only lead to the one that follows them. */
const LEADS_ON = [
  "$ref",
  "allOf",
  "if",
  "properties",
  "patternProperties",
  "unevaluatedItems",
  "items",
  "prefixItems",
  "additionalItems",
  "dependentSchemas",
  "propertyNames",
];
const CLOSES = ["additionalProperties", "unevaluatedProperties"];

/** @param errors as the validator gives them: each is followed by those that it comes of */
export function inputComplaint(
  input: unknown,
  bounded: BoundedSchema,
  errors: OutputUnit[],
): { path: string[]; message: string } {
  const index = errors.findIndex(
    ({ keyword }, at) => !LEADS_ON.includes(keyword) && !(CLOSES.includes(keyword) && at < errors.length - 1),
  );
  const error = errors[Math.max(0, index)];
  if (error === undefined) return { path: [], message: "is not accepted by the job's schema" };
  const path = namesIn(error.instanceLocation);
  const value = valueAt(input, path);
  if (error.keyword === "false") return { path, message: closed(errors[index - 1], bounded) };
  const names = namesIn(error.keywordLocation);
  const word = lookUp(bounded, bounded.schema, names);
  if (error.keyword === "required" && Array.isArray(word)) {
    const missing = word.find((name) => !Object.hasOwn(value as object, String(name)));
    return { path: [...path, String(missing)], message: "is missing" };
  }
  return { path, message: sentence(error, word, value) };
}

/** @param before the error that has led to a place where nothing may be */
function closed(before: OutputUnit | undefined, bounded: BoundedSchema): string {
  if (before === undefined || !CLOSES.includes(before.keyword))
    return "can not be there, by the job's schema";
  const parent = lookUp(bounded, bounded.schema, namesIn(before.keywordLocation).slice(0, -1));
  const known = bounded.propertiesOf(parent);
  return known.length === 0
    ? "unknown field; none is known"
    : `unknown field; known are ${clippedList(known)}`;
}

function sentence({ keyword, error }: OutputUnit, word: unknown, value: unknown): string {
  switch (keyword) {
    case "type":
      return `must be ${[word].flat().map(kind).join(" or ")}, not ${shown(value)}`;
    case "const":
      return `must be ${clipped(JSON.stringify(word))}`;
    case "enum":
      return `must be one of ${clippedList((word as unknown[]).map((each) => JSON.stringify(each)))}, not ${shown(value)}`;
    case "minimum":
      return `must be at least ${word}`;
    case "maximum":
      return `can be at most ${word}`;
    case "exclusiveMinimum":
      return `must be more than ${word}`;
    case "exclusiveMaximum":
      return `must be less than ${word}`;
    case "multipleOf":
      return `must be a multiple of ${word}`;
    case "minLength":
      return `must have at least ${word} characters`;
    case "maxLength":
      return `can have at most ${word} characters`;
    case "format": {
      const pattern = patternIn(String(word));
      return pattern === null ? `must be of the format ${word}` : `must match ${clipped(pattern)}`;
    }
    case "minItems":
      return `must have at least ${word} items`;
    case "maxItems":
      return `can have at most ${word} items`;
    case "uniqueItems":
      return "can not have the same item twice";
    case "minProperties":
      return `must have at least ${word} fields`;
    case "maxProperties":
      return `can have at most ${word} fields`;
    case "contains":
    case "minContains":
    case "maxContains":
      return `does not have as many items of a kind as the job's schema wants (${keyword})`;
    case "anyOf":
      return `fits none of the ${(word as unknown[]).length} schemas that it may (anyOf)`;
    case "oneOf":
      return `must fit one of the ${(word as unknown[]).length} schemas of oneOf, and no other`;
    case "not":
      return "is what the job's schema excludes (not)";
    case "dependentRequired":
      return error.replace("Instance has", "has").replace("does not have", "lacks");
    default:
      return `is not accepted by the job's schema (${keyword})`;
  }
}

function kind(type: unknown): string {
  return type === "integer"
    ? "a whole number"
    : type === "null"
      ? "null"
      : (KINDS[String(type)] ?? String(type));
}

function clippedList(names: string[]): string {
  const most = 20;
  const more = names.length > most ? ` and ${names.length - most} more` : "";
  return `${names.slice(0, most).map(clipped).join(", ")}${more}`;
}

/** The names of a JSON Pointer in a URI's fragment. */
function namesIn(location: string): string[] {
  return location
    .split("/")
    .slice(1)
    .map((name) => decodeURIComponent(name).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function valueAt(value: unknown, path: string[]): unknown {
  return path.reduce<unknown>(
    (at, name) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, name)
        ? (at as Record<string, unknown>)[name]
        : undefined,
    value,
  );
}

/** The same in a schema, where a `$ref` on the way leads to another place of it. */
function lookUp(bounded: BoundedSchema, at: unknown, path: string[]): unknown {
  const index = path.indexOf("$ref");
  if (index < 0) return valueAt(at, path);
  const target = bounded.targetOf(valueAt(at, path.slice(0, index)));
  return lookUp(bounded, target, path.slice(index + 1));
}

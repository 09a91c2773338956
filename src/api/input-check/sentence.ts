/** What is wrong with a value, as its sender reads it: what the job's schema accepts, and what came instead. */

import { clipped, KINDS, shown } from "../complaints.ts";

/**
 * @param name of a word of the schema
 * @param word what stands behind it
 * @param value what does not fit
 */
export function sentence(name: string, word: unknown, value: unknown): string {
  switch (name) {
    case "type":
      return `must be ${[word].flat().map(kind).join(" or ")}, not ${shown(value)}`;
    case "const":
      return `must be ${clipped(JSON.stringify(word))}`;
    case "enum":
      return `must be one of ${clippedList(word as unknown[], JSON.stringify)}, not ${shown(value)}`;
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
    case "format":
      return `must be of the format ${word}`;
    case "pattern":
      return `must match ${clipped(String(word))}`;
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
      return "does not have as many items of a kind as the job's schema wants (contains)";
    case "anyOf":
      return `fits none of the ${(word as unknown[]).length} schemas that it may (anyOf)`;
    case "oneOf":
      return `must fit one of the ${(word as unknown[]).length} schemas of oneOf, and no other`;
    case "not":
      return "is what the job's schema excludes (not)";
    default:
      return `is not accepted by the job's schema (${name})`;
  }
}

function kind(type: unknown): string {
  return type === "integer"
    ? "a whole number"
    : type === "null"
      ? "null"
      : (KINDS[String(type)] ?? String(type));
}

/** The first of a list, and how many more there are. */
export function clippedList<T>(list: T[], written: (each: T) => string = String): string {
  const most = 20;
  const more = list.length > most ? ` and ${list.length - most} more` : "";
  const first = list.slice(0, most).map((each) => clipped(written(each)));
  return `${first.join(", ")}${more}`;
}

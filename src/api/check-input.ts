/**
 * A run's input against the schema of its job. @cfworker/json-schema walks through the schema instead of making code of it, which Workers
 * forbid.
 */

import { type Schema, Validator } from "@cfworker/json-schema";
import { AppError } from "../core/error.ts";
import { INPUT_CHECK_MAX_STEPS, INPUT_MAX_BYTES } from "../core/limits.ts";
import { inputComplaint } from "./input-complaint.ts";
import { draftOf, type InputSchema } from "./input-schema.ts";
import { isObject } from "./spec-input.ts";

/**
 * Checks an input, which stands in a request as `input` and is no deeper than a request's body can be.
 * @param schema one that `schemaComplaint` has nothing to say of; null where the job has none
 * @throws AppError `invalid_input`
 */
export function checkInput(input: unknown, schema: InputSchema | null): void {
  if (new TextEncoder().encode(JSON.stringify(input)).byteLength > INPUT_MAX_BYTES)
    throw new AppError("invalid_input", `can be at most ${INPUT_MAX_BYTES} bytes`, "input");
  if (schema === null) return;
  const steps = { left: INPUT_CHECK_MAX_STEPS };
  const { valid, errors } = new Validator(counted(schema, steps) as Schema, draftOf(schema)).validate(input);
  if (valid) return;
  const { path, message } = inputComplaint(input, schema, errors);
  throw new AppError("invalid_input", message, ["input", ...path].join("."));
}

/** What only people read, and others' own words. The validator would look for schemas in them. */
const NOTES = ["$schema", "$comment", "title", "description", "default", "examples", "deprecated"];
const MAPS = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
const VALUES = ["const", "enum", "required", "dependentRequired", "type"];

/**
 * A copy of a schema that ends the check when it has been applied too often: whoever applies it has to look at `type`. How often that
 * is depends on the input, so no look at the schema alone can tell.
 */
function counted(schema: unknown, steps: { left: number }): unknown {
  if (Array.isArray(schema)) return schema.map((each) => counted(each, steps));
  if (!isObject(schema)) return schema;
  const copy: InputSchema = {};
  for (const [word, value] of Object.entries(schema)) {
    if (word.startsWith("x-") || NOTES.includes(word)) continue;
    if (word === "dependencies") Object.assign(copy, countedDependencies(value as InputSchema, steps));
    else if (MAPS.includes(word)) copy[word] = countedMap(value as InputSchema, steps);
    else copy[word] = VALUES.includes(word) ? value : counted(value, steps);
  }
  const { type } = copy;
  Object.defineProperty(copy, "type", {
    enumerable: true,
    get() {
      steps.left -= 1;
      if (steps.left < 0)
        throw new AppError(
          "invalid_input",
          `takes more than ${INPUT_CHECK_MAX_STEPS} steps to check against the job's schema`,
          "input",
        );
      return type;
    },
  });
  return copy;
}

function countedMap(map: InputSchema, steps: { left: number }): InputSchema {
  return Object.fromEntries(Object.entries(map).map(([name, schema]) => [name, counted(schema, steps)]));
}

/** Draft 7's one word in the later draft's two, which mean the same: the validator takes names for words in the one. */
function countedDependencies(map: InputSchema, steps: { left: number }): InputSchema {
  const entries = Object.entries(map);
  const schemas = entries.filter(([, behind]) => !Array.isArray(behind));
  return {
    dependentRequired: Object.fromEntries(entries.filter(([, behind]) => Array.isArray(behind))),
    dependentSchemas: countedMap(Object.fromEntries(schemas), steps),
  };
}

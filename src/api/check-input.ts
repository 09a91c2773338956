/**
 * A run's input against the schema of its job. @cfworker/json-schema walks through the schema instead of making code of it, which Workers
 * forbid.
 */

import { type Schema, validate } from "@cfworker/json-schema";
import { INPUT_MAX_BYTES } from "../core/limits.ts";
import { BoundedSchema, EndlessCheck } from "./bounded-schema.ts";
import { refused } from "./errors.ts";
import type { FieldComplaint } from "./field-complaints.ts";
import { inputComplaint } from "./input-complaint.ts";
import { draftOf, type InputSchema } from "./input-schema.ts";

/**
 * Checks an input, which stands in a request as `input` and is no deeper than a request's body can be.
 * @param schema one that `schemaComplaints` has nothing to say of; null where the job has none
 * @throws AppError `invalid_input`
 */
export function checkInput(input: unknown, schema: InputSchema | null): void {
  const complaints = inputComplaints(input, schema);
  if (complaints.length > 0) throw refused(complaints, "input");
}

/** What is wrong with an input: the first thing that the schema has to say of it, as what follows mostly comes of that. */
export function inputComplaints(input: unknown, schema: InputSchema | null): FieldComplaint[] {
  if (new TextEncoder().encode(JSON.stringify(input)).byteLength > INPUT_MAX_BYTES)
    return [{ path: [], message: `can be at most ${INPUT_MAX_BYTES} bytes` }];
  if (schema === null) return [];
  try {
    const bounded = new BoundedSchema(schema, input);
    const { valid, errors } = bounded.check(() =>
      validate(input, bounded.schema as Schema, draftOf(schema), bounded.addresses),
    );
    return valid ? [] : [inputComplaint(input, bounded, errors)];
  } catch (error) {
    if (!(error instanceof EndlessCheck)) throw error;
    const path = error.text === null ? null : pathTo(error.text, input);
    return [{ path: path ?? [], message: error.message }];
  }
}

/** Where a text stands first in a value; null where it does not. */
function pathTo(text: string, value: unknown): string[] | null {
  if (value === text) return [];
  if (typeof value !== "object" || value === null) return null;
  for (const [name, inside] of Object.entries(value)) {
    const path = pathTo(text, inside);
    if (path !== null) return [name, ...path];
  }
  return null;
}

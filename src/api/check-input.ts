/** A run's input against the schema of its job. */

import { COMPLAINTS_TOLD_MAX, INPUT_MAX_BYTES } from "../core/limits.ts";
import { refused } from "./errors.ts";
import type { FieldComplaint } from "./field-complaints.ts";
import { InputCheck } from "./input-check/check.ts";
import { CheckSteps, EndlessCheck } from "./input-check/steps.ts";
import type { InputSchema } from "./input-schema.ts";

/**
 * Checks an input, which stands in a request as `input` and is no deeper than a request's body can be.
 * @param schema one that `schemaComplaints` has nothing to say of; null where the job has none
 * @throws AppError `invalid_input` with all that is wrong
 */
export function checkInput(input: unknown, schema: InputSchema | null): void {
  const complaints = inputComplaints(input, schema);
  if (complaints.length > 0) throw refused(complaints, "input");
}

/**
 * All that is wrong with an input.
 * @param steps that may be taken, by this check and by others with the same
 */
export function inputComplaints(
  input: unknown,
  schema: InputSchema | null,
  steps = new CheckSteps(),
): FieldComplaint[] {
  if (new TextEncoder().encode(JSON.stringify(input)).byteLength > INPUT_MAX_BYTES)
    return [{ path: [], message: `can be at most ${INPUT_MAX_BYTES} bytes` }];
  if (schema === null) return [];
  const check = new InputCheck(schema, steps);
  let endless: EndlessCheck | null = null;
  try {
    if (check.fits(input)) return [];
  } catch (error) {
    if (!(error instanceof EndlessCheck)) throw error;
    endless = error;
  }
  // What was found until then is to be mended all the same.
  if (check.told.length === 0 && endless !== null)
    return [{ path: endless.place?.path ?? [], message: endless.message }];
  return check.told.map(({ place, message }, index) =>
    index < COMPLAINTS_TOLD_MAX
      ? { path: place.path, message: message() }
      : { path: [], message: "is not accepted by the job's schema" },
  );
}

/** A part of a request against its schema. */

import type { z } from "@hono/zod-openapi";
import { AppError } from "../core/error.ts";
import { complaint } from "./complaints.ts";
import { invalidInput } from "./errors.ts";
import { type FieldComplaint, fieldComplaints } from "./field-complaints.ts";

/**
 * What the schema makes of a part.
 * @param place the part, as paths of errors begin: "path" or "query"; null for the body
 * @throws AppError `invalid_input`
 */
export function checked<T extends z.ZodType>(schema: T, part: unknown, place: string | null): z.output<T> {
  const result = parsed(schema, part);
  if (result === null) throw new AppError("invalid_input", UNCOMPARABLE);
  if (!result.success) throw invalidInput(result.error, place);
  return result.data;
}

/** Everything that the schema complains about in a value. */
export function complaintsOf(schema: z.ZodType, value: unknown): FieldComplaint[] {
  const result = parsed(schema, value);
  if (result === null) return [{ path: [], message: UNCOMPARABLE }];
  return result.success ? [] : fieldComplaints(result.error);
}

const UNCOMPARABLE = 'an object with a field "length" stands where text or a list is wanted';

/** Null: zod compares a field `length` of whatever stands in a text's or a list's place, and there are objects that can not be compared. */
function parsed<T extends z.ZodType>(schema: T, part: unknown) {
  try {
    return schema.safeParse(part, { reportInput: false, error: complaint });
  } catch (error) {
    if (!(error instanceof TypeError) || !hasLength(part)) throw error;
    return null;
  }
}

/** Whether there is an object with such a field of its own. */
function hasLength(part: unknown): boolean {
  if (typeof part !== "object" || part === null) return false;
  return (!Array.isArray(part) && Object.hasOwn(part, "length")) || Object.values(part).some(hasLength);
}

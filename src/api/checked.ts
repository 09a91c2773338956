/** A part of a request against its schema. */

import type { z } from "@hono/zod-openapi";
import { complaint } from "./complaints.ts";
import { refused } from "./errors.ts";
import { type FieldComplaint, fieldComplaints, keyOf } from "./field-complaints.ts";
import { textComplaints } from "./text-complaints.ts";

/**
 * What the schema makes of a part.
 * @param place the part, as paths of errors begin: "path" or "query"; null for the body
 * @throws AppError `invalid_input` with all that is wrong
 */
export function checked<T extends z.ZodType>(schema: T, part: unknown, place: string | null): z.output<T> {
  const result = parsed(schema, part);
  const complaints = all(result, part);
  if (result.success && complaints.length === 0) return result.data;
  throw refused(complaints, place);
}

/** Everything that is wrong with a value: with its texts, whatever is wanted of them, and by the schema. */
export function complaintsOf(schema: z.ZodType, value: unknown): FieldComplaint[] {
  return all(parsed(schema, value), value);
}

function all(result: z.ZodSafeParseResult<unknown>, value: unknown): FieldComplaint[] {
  const ofTexts = textComplaints(value);
  const ofSchema = result.success ? [] : fieldComplaints(result.error);
  const known = new Set(ofTexts.map(({ path }) => keyOf(path)));
  return [...ofTexts, ...ofSchema.filter(({ path }) => known.size === 0 || !known.has(keyOf(path)))];
}

/**
 * zod compares a field `length` of whatever stands in a text's or a list's place, and there are values that can not be compared. Such a
 * value is refused all the same where there is nothing to compare.
 */
function parsed<T extends z.ZodType>(schema: T, part: unknown) {
  const parse = (value: unknown) => schema.safeParse(value, { reportInput: false, error: complaint });
  try {
    return parse(part);
  } catch (error) {
    if (!(error instanceof TypeError) || !hasLength(part)) throw error;
    return parse(withoutLengths(part));
  }
}

/** Whether there is an object with such a field of its own. */
function hasLength(part: unknown): boolean {
  if (typeof part !== "object" || part === null) return false;
  return (!Array.isArray(part) && Object.hasOwn(part, "length")) || Object.values(part).some(hasLength);
}

function withoutLengths(part: unknown): unknown {
  if (typeof part !== "object" || part === null) return part;
  if (Array.isArray(part)) return part.map(withoutLengths);
  return Object.fromEntries(
    Object.entries(part).map(([name, value]) => [name, name === "length" ? null : withoutLengths(value)]),
  );
}

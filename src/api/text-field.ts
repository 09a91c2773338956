/** Texts in requests: what can be stored, shown and given to a command as it came. */

import { z } from "@hono/zod-openapi";

const CONTROL = /\p{Cc}/u;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** True for text that UTF-8 can hold. JSON can have half of a character, which would be stored as another one. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** The complaint about text that is not {@link isWellFormed}. */
export const WELL_FORMED = "must be text without lone surrogates";

/** A text of one line, for people: terminals obey control characters, and a NUL ends a text in SQLite. */
export function lineField(maxChars: number) {
  return z
    .string()
    .max(maxChars)
    .refine((text) => !CONTROL.test(text), "can not contain control characters")
    .refine(isWellFormed, WELL_FORMED);
}

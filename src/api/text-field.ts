/** Texts in requests that are for people. What no text can have in it is refused for all of them: `text-complaints.ts`. */

import { z } from "@hono/zod-openapi";

const CONTROL = /\p{Cc}/u;

/** A text of one line: terminals obey control characters, and a NUL ends a text in SQLite. */
export function lineField(maxChars: number) {
  return z
    .string()
    .max(maxChars)
    .refine((text) => !CONTROL.test(text), "can not contain control characters");
}

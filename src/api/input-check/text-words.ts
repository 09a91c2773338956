/** Words that say something of texts. */

import { format as formats } from "@cfworker/json-schema";
import type { CheckSteps } from "./steps.ts";
import type { Word } from "./word.ts";

/** Characters that are counted in the time of one step; of a format's each takes one. */
const COUNTED_PER_STEP = 16;

const minLength: Word<string, number> = {
  of: "string",
  holds: (check, min, { value }) => value.length >= min && lengthOf(value, check.steps) >= min,
};

const maxLength: Word<string, number> = {
  of: "string",
  holds: (check, max, { value }) => value.length <= max || lengthOf(value, check.steps) <= max,
};

const pattern: Word<string, string> = {
  of: "string",
  holds: (check, source, { value, place }) => check.matches(source, value, place),
};

const format: Word<string, string> = {
  of: "string",
  holds(check, name, { value }) {
    check.steps.take(value.length);
    return formats[name]?.(value) ?? true;
  },
};

export const TEXT_WORDS = { minLength, maxLength, pattern, format } satisfies Record<string, Word>;

/** A text's characters, of which some are two in JavaScript. */
function lengthOf(text: string, steps: CheckSteps): number {
  steps.take(text.length / COUNTED_PER_STEP);
  let length = text.length;
  for (let at = 0; at < text.length - 1; at++) {
    const isFirstHalf = (text.charCodeAt(at) & 0xfc00) === 0xd800;
    if (isFirstHalf && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      length -= 1;
      at += 1;
    }
  }
  return length;
}

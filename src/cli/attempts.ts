/** Telling people which attempt writes: output of several attempts comes one after the other in the same streams. */

import type { OutputLine } from "../api/run-schema.ts";

/** Called with each piece of output; says a line where a later attempt begins to write. */
export function sayAttempts(
  tell: (line: string) => Promise<void>,
): (line: Pick<OutputLine, "attempt">) => Promise<void> {
  let known = 1;
  return async ({ attempt }) => {
    if (attempt === known) return;
    known = attempt;
    await tell(`attempt ${attempt}:`);
  };
}

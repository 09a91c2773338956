/** When a run may start, by the book: worked out a second time from the words in which callers are told of `delay`, `run_at` and `expires`. */

import type { Run } from "../../../src/core/run.ts";

/** Epoch milliseconds before which it has no machine. A time that has passed already is no reason to wait. */
export function notBefore({ acceptedAt, spec }: Run): number {
  if (spec.runAt === null) return acceptedAt + spec.delayMs;
  return spec.runAt > acceptedAt ? spec.runAt : acceptedAt;
}

/** Epoch milliseconds from which on it waits no more: the time that it may stand in line is counted from when it is due. */
export function waitsUntil(run: Run): number {
  return notBefore(run) + run.spec.expiresMs;
}

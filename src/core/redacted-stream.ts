/**
 * A stream that is redacted as it comes in. What could still become a secret is held back: it stays in the Machine and is
 * read again by whoever comes next. To decide about a byte those before it are needed, so a reader that
 * remembers nothing begins to read a little before what is stored; then it comes to the same bytes.
 */

import { REDACTION_REACH, type Redactor } from "./redactor.ts";

/** The last bytes that were read of a stream, as the command wrote them: those that are not stored yet, and some before. */
export interface ReadTail {
  /** Where the first of them stands in the stream. */
  from: number;
  bytes: Uint8Array;
}

/** Where to read from: what comes after the tail, or, for who has none, from a little before what is stored. */
export function readFrom(tail: ReadTail | null, stored: number): number {
  return tail === null ? Math.max(0, stored - REDACTION_REACH) : tail.from + tail.bytes.length;
}

/**
 * What can be stored next.
 * @param fresh what was read from {@link readFrom}'s place on
 * @param isAll nothing comes after it
 * @returns the bytes that follow the stored ones, and the tail to go on with
 */
export function redactNext(
  redact: Redactor,
  tail: ReadTail | null,
  stored: number,
  fresh: Uint8Array,
  isAll: boolean,
): { bytes: Uint8Array; tail: ReadTail } {
  const from = tail?.from ?? readFrom(null, stored);
  const known = tail?.bytes ?? new Uint8Array();
  const all = new Uint8Array(known.length + fresh.length);
  all.set(known);
  all.set(fresh, known.length);
  const { bytes, decided } = redact(all);
  const end = isAll ? all.length : Math.max(decided, Math.min(stored - from, all.length));
  const keepFrom = Math.max(0, end - REDACTION_REACH);
  return {
    bytes: bytes.slice(Math.min(stored - from, end), end),
    tail: { from: from + keepFrom, bytes: all.slice(keepFrom) },
  };
}

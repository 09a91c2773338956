/** Where a page of a ledger ends, as text: a row's due time, and `/several` behind it where the row is of several in a row. */

import { z } from "@hono/zod-openapi";
import type { FiringPlace } from "../flow/ports/schedules.ts";
import { rfc3339 } from "./run-body.ts";
import { instant, instantMs } from "./schema-parts.ts";

const OF_SEVERAL = "/several";
const CURSOR =
  'must be the next_cursor of the page before, or an RFC 3339 time, such as "2026-11-21T10:00:00Z"';

/** A cursor in a request. A time alone is that of a single row. */
export const firingCursor = z
  .string(CURSOR)
  .refine((text) => instant.safeParse(timeOf(text)).success, CURSOR)
  .openapi({ description: "only rows that are older: the next_cursor of the page before, or a due time" });

/** The row that a checked {@link firingCursor} names. */
export function placeOfCursor(text: string): FiringPlace {
  const time = timeOf(text);
  return { dueAt: instantMs(time), isOfSeveral: time !== text };
}

export function cursorOfPlace({ dueAt, isOfSeveral }: FiringPlace): string {
  return rfc3339(dueAt) + (isOfSeveral ? OF_SEVERAL : "");
}

function timeOf(text: string): string {
  return text.endsWith(OF_SEVERAL) ? text.slice(0, -OF_SEVERAL.length) : text;
}

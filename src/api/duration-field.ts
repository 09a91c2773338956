/** A duration in a request body, such as "90s": a field of several schemas. */

import { z } from "@hono/zod-openapi";
import { formatDuration, parseDuration } from "../core/duration.ts";

/** A field that takes durations within bounds (milliseconds, inclusive). */
export function durationField(example: string, minMs: number, maxMs: number) {
  const accepted = `a duration such as "90s" or "1h30m", from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
  return z
    .string(`must be ${accepted}`)
    .refine((text) => {
      const ms = parseDuration(text);
      return ms !== null && ms >= minMs && ms <= maxMs;
    }, `must be ${accepted}`)
    .openapi({ example, description: accepted });
}

/** The milliseconds of a checked duration. */
export function durationMs(text: string): number {
  return parseDuration(text) ?? 0;
}

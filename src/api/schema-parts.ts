/** Parts that the schemas of several answers share, so that one thing has one shape everywhere. */

import { z } from "@hono/zod-openapi";
import { LIST_LIMIT_MAX } from "../core/limits.ts";
import { LIMIT_NAMES, REASONS, RUN_STATUSES } from "../core/run.ts";

/** RFC 3339 in UTC. */
export const time = z.iso.datetime();

const INSTANT = 'must be an RFC 3339 time, such as "2026-11-21T10:00:00Z"';
const LEAP_SECOND =
  "can not be a leap second, as time is counted without them here; give :59 or the next minute";
const rfc3339 = z.iso.datetime({ offset: true });

/** A moment in a request. Its letters may be small ones (RFC 3339 §5.6). */
export const instant = z
  .string(INSTANT)
  .superRefine((text, context) => {
    const capital = text.toUpperCase();
    if (rfc3339.safeParse(capital).success) return;
    const isLeapSecond = rfc3339.safeParse(capital.replace(/:60(?=[.Z+-])/, ":59")).success;
    context.addIssue({ code: "custom", message: isLeapSecond ? LEAP_SECOND : INSTANT });
  })
  .openapi({ format: "date-time" });

/** Epoch milliseconds of a checked {@link instant}. */
export function instantMs(text: string): number {
  return Date.parse(text.toUpperCase());
}

export const status = z.enum(RUN_STATUSES);

/** How a command ended, as fields of what it belongs to. */
export const exit = {
  exit_code: z
    .int()
    .nullable()
    .openapi({ description: "null where the command's end is not known, never a stand-in 0" }),
  signal: z.string().nullable().openapi({ example: "SIGKILL" }),
  oom_killed: z.boolean(),
};

/** How a run or an attempt ended, likewise. */
export const ending = {
  reason: z.enum(REASONS).nullable().openapi({
    description: "why it failed or was cancelled; of a retrying run why its last attempt failed",
  }),
  limit: z.enum(LIMIT_NAMES).nullable().openapi({
    description: "which of timeouts passed, or that a step's own did, with the reason timed_out",
  }),
  ...exit,
};

/** The job of a run. */
export const runJob = z.object({
  name: z.string(),
  version: z.int().openapi({ description: "the version that was in force when the run was accepted" }),
});

/** The due time of a run, with the schedule of its job. */
export const runFiring = z.object({ schedule: z.string(), due_at: time });

/** A machine's size. */
export const guest = z.object({ cpu_kind: z.string(), cpus: z.int(), memory_mb: z.int() });

/** What follows a failed attempt, and when. */
export const nextAttempt = z
  .object({
    number: z.int(),
    at: time.openapi({ description: "it is asked for then, or once the machine before it is gone" }),
    machine: guest,
    asked_region: z.string().nullable(),
  })
  .openapi("NextAttempt");

/** What became of the output of a run or an attempt. */
export const output = z
  .object({
    stdout_bytes: z.int(),
    stderr_bytes: z.int(),
    dropped_bytes: z.int().openapi({ description: "written by the command but past the cap of one run" }),
    complete: z.boolean().openapi({
      description:
        "true once the run is final with all of its output stored; false while it is not final, and where bytes are missing: dropped past the cap, never fetched from a machine that died, or perhaps written by one that was asked for and never seen",
    }),
  })
  .openapi({ description: "counted when the run is settled: nothing until then" });

const PAGE_LIMIT = `must be a whole number from 1 to ${LIST_LIMIT_MAX}`;

/** How many there are on a page of a list. */
export const pageLimit = z
  .string()
  .regex(/^\d{1,4}$/, PAGE_LIMIT)
  .transform(Number)
  .refine((limit) => limit >= 1 && limit <= LIST_LIMIT_MAX, PAGE_LIMIT)
  .optional()
  .openapi({ type: "integer", minimum: 1, maximum: LIST_LIMIT_MAX });

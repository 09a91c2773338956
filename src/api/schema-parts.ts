/** Parts that the schemas of several answers share, so that one thing has one shape everywhere. */

import { z } from "@hono/zod-openapi";
import { LIMIT_NAMES, REASONS, RUN_STATUSES } from "../core/run.ts";

/** RFC 3339 in UTC. */
export const time = z.iso.datetime();

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
  reason: z.enum(REASONS).nullable(),
  limit: z
    .enum(LIMIT_NAMES)
    .nullable()
    .openapi({ description: "which of timeouts passed, with the reason timed_out" }),
  ...exit,
};

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

/** What a run waits for. */
export const waiting = z
  .object({
    for: z.literal("launch").openapi({
      description:
        "launch: its app's turn to ask for a machine, as Fly takes one create a second in each app",
    }),
    expected_at: time.openapi({ description: "when it goes on" }),
  })
  .openapi("Waiting");

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

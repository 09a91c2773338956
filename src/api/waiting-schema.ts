/** Why a run waits, as the API answers it. */

import { z } from "@hono/zod-openapi";
import { PLACE_MAX_COUNTED } from "../core/limits.ts";
import { time } from "./schema-parts.ts";

/** A queue, as fields of what it belongs to. */
export const queueFields = {
  for: z.enum(["concurrency", "organization", "launch", "schedule"]),
  key: z.string().nullable().openapi({ description: "the concurrency key; null for any other" }),
  limit: z.int().nullable().openapi({ description: "runs that may run at once; null for a launch" }),
};

export const waitingSchema = z
  .object({
    for: z.enum(["run_at", "concurrency", "organization", "retry", "launch", "schedule"]).openapi({
      description:
        "run_at: its time. schedule: that the previous run of its schedule ends. concurrency: a slot of its key. organization: one of the deployment's CONCURRENCY_LIMIT. retry: the time of its next attempt. launch: that it can be asked for a machine, as Fly takes one create a second in each app: in a line by priority, where it has a place, and from half a minute before at a time that is its own.",
    }),
    key: z.string().nullable().openapi({ description: "the concurrency key that it waits for" }),
    limit: z.int().nullable().openapi({ description: "runs that may run at once in that queue" }),
    place: z
      .int()
      .nullable()
      .openapi({
        description: `in the line, 1 for the next; ${PLACE_MAX_COUNTED + 1} stands for that or later. Null in a list, and where it stands in no line`,
      }),
    running: z
      .int()
      .nullable()
      .openapi({ description: "runs that have a slot there, likewise; null for a launch" }),
    since: time,
    until: time.nullable().openapi({
      description:
        "the time that it waits for, or when it expires; in line for a launch about when its machine is asked for, which no list tells (null)",
    }),
  })
  .openapi("Waiting");
export type WaitingBody = z.infer<typeof waitingSchema>;

/** Machines as the API answers them. */

import { z } from "@hono/zod-openapi";
import { MACHINE_STATES } from "../core/machine.ts";
import { KNOWN_WHYS, UNKNOWN_WHYS } from "../core/reap.ts";
import { time } from "./schema-parts.ts";

export const machineSchema = z
  .object({
    id: z.string().openapi({ example: "1857156b526dd8" }),
    app: z.string().openapi({ description: "the Fly app that it is in" }),
    name: z.string(),
    run_id: z.string().nullable().openapi({ description: "by its name; null where that tells of none" }),
    attempt: z.int().nullable(),
    state: z
      .enum(MACHINE_STATES)
      .openapi({ description: "other: one of Fly's that Mayfly does not tell apart" }),
    region: z.string().nullable(),
    created_at: time.nullable(),
    known: z.boolean().openapi({ description: "false: no living attempt has it" }),
    why: z.enum([...KNOWN_WHYS, ...UNKNOWN_WHYS]).openapi({
      description:
        "attempt_under_way: the last attempt of an open run has it; leaving: it is being destroyed; schedule: Fly starts it for a schedule; all others: it is nobody's, and is destroyed by the second sweep that finds it so (run_is_unknown and schedule_is_unknown: once it is ten minutes old)",
    }),
  })
  .openapi("Machine");

export const machineListSchema = z
  .object({
    machines: z
      .array(machineSchema)
      .openapi({ description: "those that ran at some moment of this call, by app and id" }),
    next_cursor: z
      .string()
      .nullable()
      .openapi({ description: "give it as cursor for the next page; null on the last" }),
    counts: z
      .object({ known: z.int(), unknown: z.int() })
      .openapi({ description: "of all that there are now, on whichever page" }),
    reaped: z
      .object({ total: z.int(), last_24_hours: z.int() })
      .openapi({ description: "machines of nobody's that sweeps have destroyed" }),
    last_sweep_at: time
      .nullable()
      .openapi({ description: "null before the first sweep that could list all of them" }),
  })
  .openapi("MachineList");
export type MachineListBody = z.infer<typeof machineListSchema>;
export type MachineBody = MachineListBody["machines"][number];

/** Chains as they are answered. */

import { z } from "@hono/zod-openapi";
import { HANDOVER_VERDICTS } from "../core/chain/handover.ts";
import { FINAL_STATUSES, REASONS } from "../core/run.ts";
import { changeBody } from "./delivery-schema.ts";
import { status, time } from "./schema-parts.ts";

/** What a run's events tell of the run after which it was started. */
export const runUpstream = z.object({
  run_id: z.string(),
  job: z.string(),
  outcome: z.enum(FINAL_STATUSES),
  reason: z.enum(REASONS).nullable().openapi({ description: "null of a success" }),
  exit_code: z
    .int()
    .nullable()
    .openapi({ description: "null where a signal ended its command, or nobody knows" }),
  without_secrets: z.boolean().openapi({
    description:
      "true where the job's secrets were left out, since what was built before is, or may be, from a fork",
  }),
});

export const runUpstreamSchema = runUpstream
  .extend({
    change: changeBody.nullable().openapi({
      description: "what the chain builds; null where no hook began it, or none that is about code",
    }),
  })
  .openapi("RunUpstream");
export type RunUpstreamBody = z.infer<typeof runUpstreamSchema>;

export const handoverSchema = z
  .object({
    job: z.string(),
    verdict: z.enum(HANDOVER_VERDICTS).openapi({
      description:
        "waiting: it is about to start, or that is tried again. paused: the job was, and is not started for this later. unlinked: the job was deleted, or does not start after that any more. withheld: what was built is, or may be, from a fork. refused: the job could not be run with it. bounded: the chain had come too far",
    }),
    detail: z.string().nullable().openapi({ description: "a sentence that goes with the verdict" }),
    decided_at: time.nullable(),
    run_id: z.string().nullable(),
    run: z.object({ status, reason: z.enum(REASONS).nullable() }).nullable(),
  })
  .openapi("Handover");
export type HandoverBody = z.infer<typeof handoverSchema>;

/** What a job starts after, as its definition has it. One schema validates it and appears in the OpenAPI document. */

import { z } from "@hono/zod-openapi";
import { LINK_OUTCOMES } from "../core/chain/link.ts";
import { JOB_NAME } from "../core/job.ts";
import * as limits from "../core/limits.ts";

const linkSchema = z
  .strictObject({
    job: z
      .string()
      .regex(
        JOB_NAME,
        `must be the name of a job: small letters, digits and . _ -, starting with a letter or digit, at most ${limits.JOB_NAME_MAX_CHARS} characters`,
      )
      .openapi({
        description: "the job whose runs are followed, be there such a job yet or not",
        example: "build",
      }),
    outcome: z.enum(LINK_OUTCOMES).default("succeeded").openapi({
      description:
        "how a run of it must end, after its last attempt; succeeded where it is left out. finished: however it ends, also cancelled",
    }),
    from_forks: z.boolean().default(false).openapi({
      description:
        "true: it starts also after a run that builds a fork's change, and is given no secrets then. Without it such a run starts nothing",
    }),
  })
  .openapi("JobLink");
type LinkInput = z.output<typeof linkSchema>;

/** A job's `on`. */
export const onField = z
  .array(linkSchema)
  .max(limits.JOB_ON_MAX)
  .superRefine((on, context) => {
    const known = new Set<string>();
    for (const [index, link] of on.entries()) {
      const key = JSON.stringify([link.job, link.outcome]);
      if (known.has(key))
        context.addIssue({
          code: "custom",
          path: [index],
          message: `says the same as another of the list: ${link.job}, ${link.outcome}`,
        });
      known.add(key);
    }
  })
  .openapi({
    description: `it starts after runs of these jobs, each time one ends so, with {"upstream": {"run_id", "job", "outcome", "reason", "exit_code"}} as its input. At most ${limits.CHAIN_DEPTH_MAX} runs follow each other, and ${limits.CHAIN_RUNS_MAX} all together follow from one`,
    example: [{ job: "build", outcome: "succeeded" }],
  });

/** Nobody but the job's own name can tell: it would start after itself for ever. */
export function selfLinkComplaints(on: unknown, name: string) {
  if (!Array.isArray(on)) return [];
  return (on as Partial<LinkInput>[]).flatMap((link, index) =>
    link?.job === name
      ? [
          {
            path: ["on", index, "job"],
            message: "can not be the job itself: it would start after itself again and again",
          },
        ]
      : [],
  );
}

/** What a hook's runs have reported on their commits, as it is answered. */

import { z } from "@hono/zod-openapi";
import { PUBLIC_APIS, type ReportSource } from "../core/commit-status/report.ts";
import { COMMIT_STATES } from "../core/commit-status/state.ts";
import { time } from "./schema-parts.ts";
import { notificationAttemptSchema, notificationSummaryFields } from "./webhook-schema.ts";

const statusSchema = z
  .object({
    source: z.enum(Object.keys(PUBLIC_APIS) as [ReportSource, ...ReportSource[]]),
    api_url: z.string().nullable().openapi({
      description:
        "as the hook said when it was made, null for the source's own; each attempt has where that went",
    }),
    token: z.string().openapi({ description: "the name of the secret with the token; likewise" }),
    repository: z.object({ full_name: z.string(), url: z.string() }),
    sha: z.string(),
    ref: z.string(),
    context: z.string(),
    state: z.enum(COMMIT_STATES).openapi({
      description:
        "GitHub and Gitea are told pending for running, and error for cancelled; GitLab failed for failure and error",
    }),
    description: z.string(),
    target_url: z.string().nullable().openapi({ description: "null where PUBLIC_URL is not set" }),
    run_id: z.string(),
  })
  .openapi("CommitStatus");

const attemptSchema = notificationAttemptSchema
  .extend({
    sent_to: z
      .object({
        api_url: z.string().nullable().openapi({ description: "null for the source's own" }),
        token: z.string().openapi({ description: "the name of the secret with the token" }),
      })
      .nullable()
      .openapi({ description: "where its hook had it go then; null of what was dropped" }),
  })
  .openapi("ReportAttempt");

const summary = {
  ...notificationSummaryFields,
  type: z.string().openapi({ example: "status.success" }),
  id: z.string().openapi({ example: "msg_01jd0k3v7c9q2m8w5x4y6z7a8b" }),
  at: time.openapi({ description: "when what is told happened" }),
  commit_status: statusSchema,
  waiting: z
    .object({
      for: z.enum(["report", "secret", "time"]).openapi({
        description:
          "report: one before it of its run. secret: the one with the token, which is not set; it is looked for again at next_at. time: next_at",
      }),
      secret: z.string().nullable().openapi({ description: "the name of the secret that is not set" }),
    })
    .nullable()
    .openapi({ description: "what a pending one waits for; null of every other" }),
};

export const reportSchema = z
  .object({
    ...summary,
    waits_for: z.string().nullable().openapi({
      description: "the id of the one before it in its run that it waits for; null where it waits for none",
    }),
    attempts: z.array(attemptSchema).openapi({ description: "oldest first" }),
  })
  .openapi("Report");
export type ReportBody = z.infer<typeof reportSchema>;

const reportSummarySchema = z
  .object({
    ...summary,
    last_attempt: attemptSchema.nullable().openapi({ description: "null where there is none yet" }),
  })
  .openapi("ReportSummary");
export type ReportSummaryBody = z.infer<typeof reportSummarySchema>;

export const reportListSchema = z
  .object({
    reports: z.array(reportSummarySchema).openapi({ description: "newest first" }),
    next_cursor: z
      .string()
      .nullable()
      .openapi({ description: "give it as cursor for the next page; null on the last" }),
  })
  .openapi("ReportList");
export type ReportListBody = z.infer<typeof reportListSchema>;

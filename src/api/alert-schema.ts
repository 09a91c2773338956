/** Alerts, as they are answered. */

import { z } from "@hono/zod-openapi";
import { ALERT_TYPES } from "../core/alert/alert.ts";
import type { Alert } from "../flow/ports/alerts.ts";
import { rfc3339 } from "./run-body.ts";
import { time } from "./schema-parts.ts";

export const alertSchema = z
  .object({
    seq: z.int().openapi({ description: "larger than that of every alert that was recorded before" }),
    type: z.enum(ALERT_TYPES).openapi({
      description:
        "schedule_late: a due time's run did not start within the schedule's late_after. job_silent: no run of the job succeeded within its expect_every. webhook_disabled: a webhook took nothing for days or said that it is gone, and is told nothing any more. chain_stopped: the job was not started after another's run, as it can not be run with that or the chain has come too far; at most one an hour for two jobs. report_failing: of what a hook's runs reported on commits nothing was taken for half a day; once until something is. Webhooks are told of each with a dot in the place of the _, as schedule.late",
    }),
    job: z.string().nullable().openapi({ description: "null of a webhook" }),
    schedule: z.string().nullable().openapi({ description: "of a late schedule; null of all else" }),
    hook: z.string().nullable().openapi({ description: "of failing reports; null of all else" }),
    webhook: z.string().nullable().openapi({ description: "the id of a webhook; null of all else" }),
    due_at: time.openapi({
      description:
        "the due time that is late; of a silent job when it was to be heard of at the latest; of a webhook when it was disabled; of a chain when it stopped; of failing reports since when none was taken",
    }),
    at: time.openapi({ description: "when it was found" }),
    run_id: z.string().nullable().openapi({
      description: "the run that is late, or after which the job was not started; null without one",
    }),
    detail: z.string(),
  })
  .openapi("Alert");
export type AlertBody = z.infer<typeof alertSchema>;

/** Of a job or a schedule. */
export const lastAlert = alertSchema.nullable().openapi({ description: "the last alert about it" });

export const alertListSchema = z
  .object({
    alerts: z.array(alertSchema).openapi({ description: "newest first" }),
    next_cursor: z
      .string()
      .nullable()
      .openapi({ description: "give it as cursor for the next page; null on the last" }),
  })
  .openapi("AlertList");
export type AlertListBody = z.infer<typeof alertListSchema>;

export function alertBody({
  seq,
  type,
  job,
  schedule,
  hook,
  webhook,
  dueAt,
  at,
  runId,
  detail,
}: Alert): AlertBody {
  const times = { due_at: rfc3339(dueAt), at: rfc3339(at) };
  return { seq, type, job, schedule, hook, webhook, ...times, run_id: runId, detail };
}

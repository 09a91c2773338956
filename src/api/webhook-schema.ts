/** Webhooks as callers send them, and as they and what they are told are answered. */

import { z } from "@hono/zod-openapi";
import * as limits from "../core/limits.ts";
import { NOTIFICATION_STATES } from "../core/notification/attempt.ts";
import { TEST_EVENT, WEBHOOK_EVENTS } from "../core/webhook/event-types.ts";
import { EMAIL_ADDRESS, readSender } from "../core/webhook/sender.ts";
import { EMAIL_PROVIDERS, WEBHOOK_KINDS } from "../core/webhook/webhook.ts";
import { time } from "./schema-parts.ts";
import { secretNameField } from "./secret-schema.ts";
import { lineField } from "./text-field.ts";

const JOB_PATTERN = "must be the name of a job, in which * stands for any characters";

const events = z
  .array(z.enum(WEBHOOK_EVENTS))
  .min(1)
  .refine((types) => new Set(types).size === types.length, "can not name a type twice")
  .openapi({
    description:
      "run.finished is each run that is over, for whoever wants one type for all of them. Each event is told once: one that is subscribed to as run.succeeded, run.failed or run.cancelled, too, comes as that and not as run.finished",
  });

const jobs = z
  .array(
    z
      .string()
      .max(limits.JOB_NAME_MAX_CHARS)
      .regex(/^[a-z0-9*][a-z0-9*._-]*$/, JOB_PATTERN),
  )
  .min(1)
  .max(limits.WEBHOOK_JOBS_MAX)
  .nullable()
  .openapi({
    description:
      "names of jobs, in which * stands for any characters; null for all, and for runs without a job",
    example: ["deploy", "nightly-*"],
  });

const tags = z
  .record(z.string().min(1).max(limits.TAG_KEY_MAX_CHARS), z.string().max(limits.TAG_VALUE_MAX_CHARS))
  .refine((all) => Object.keys(all).length > 0, "can not be empty; null is for any")
  .refine(
    (all) => Object.keys(all).length <= limits.TAGS_MAX_COUNT,
    `can have at most ${limits.TAGS_MAX_COUNT} tags`,
  )
  .nullable()
  .openapi({ description: "tags that a run must have, all of them; alerts have none. null for any" });

const description = lineField(limits.JOB_DESCRIPTION_MAX_CHARS).min(1).nullable();
const url = z.string().min(1).max(limits.WEBHOOK_URL_MAX_CHARS).openapi({
  format: "uri",
  description:
    "https, at an address of the public internet, unless the deployment allows others. Redirects are not followed",
});

const address = z
  .string()
  .max(limits.EMAIL_ADDRESS_MAX_CHARS)
  .regex(EMAIL_ADDRESS, "must be an e-mail address");

const sender = z
  .string()
  .max(limits.EMAIL_NAME_MAX_CHARS + limits.EMAIL_ADDRESS_MAX_CHARS)
  .refine(
    (text) => readSender(text) !== null,
    "must be an e-mail address, or a name with one: CI <ci@example.com>",
  )
  .openapi({ example: "CI <ci@example.com>" });

const email = z
  .strictObject({
    provider: z.enum(EMAIL_PROVIDERS),
    from: sender,
    to: z.array(address).min(1).max(limits.WEBHOOK_RECIPIENTS_MAX),
    secret: secretNameField.openapi({ description: "the secret with the provider's key" }),
  })
  .openapi("WebhookEmail");

const SECRET = `must be whsec_ and ${limits.WEBHOOK_SECRET_MIN_BYTES} to ${limits.WEBHOOK_SECRET_MAX_BYTES} bytes in base64`;
const secret = z
  .string({
    error: (issue) => (issue.code === "invalid_type" && issue.input !== undefined ? SECRET : undefined),
  })
  .refine(isSecret, SECRET)
  .openapi({ description: "one by chance unless given", writeOnly: true });

function isSecret(text: string): boolean {
  const [, base64] = /^whsec_([A-Za-z0-9+/]{1,100}={0,2})$/.exec(text) ?? [];
  if (base64 === undefined) return false;
  try {
    const { length } = atob(base64);
    return length >= limits.WEBHOOK_SECRET_MIN_BYTES && length <= limits.WEBHOOK_SECRET_MAX_BYTES;
  } catch {
    return false;
  }
}

/** What `POST /v1/webhooks` takes. */
export const newWebhookSchema = z
  .strictObject({
    kind: z.enum(WEBHOOK_KINDS).optional().openapi({
      description: "standard (Standard Webhooks), unless told otherwise; a message in Slack; an e-mail",
    }),
    url: url
      .optional()
      .openapi({ description: "required, but of an e-mail: there it is the provider's own" }),
    events,
    jobs: jobs.optional(),
    tags: tags.optional(),
    description: description.optional(),
    secret: secret.optional(),
    email: email.optional(),
  })
  .refine(({ kind = "standard", secret: own }) => kind === "standard" || own === undefined, {
    path: ["secret"],
    error: "is for kind standard alone: nothing else is signed",
  })
  .openapi("NewWebhook");
export type NewWebhookBody = z.infer<typeof newWebhookSchema>;

/** What `PATCH /v1/webhooks/{id}` takes. */
export const webhookChangeSchema = z
  .strictObject({
    url: url.optional(),
    events: events.optional(),
    jobs: jobs.optional(),
    tags: tags.optional(),
    description: description.optional(),
    email: email.optional(),
    enabled: z.boolean().optional().openapi({
      description: "puts it out of force or into force again, as /disable and /enable do",
    }),
  })
  .openapi("WebhookChange");
export type WebhookChangeBody = z.infer<typeof webhookChangeSchema>;

export const rotateSchema = z.strictObject({ secret: secret.optional() }).openapi("WebhookRotation");

const webhookFields = {
  id: z.string(),
  kind: z.enum(WEBHOOK_KINDS),
  url: z.string().openapi({
    description: "of kind slack without what makes it a secret, such as https://hooks.slack.com/…wxyz",
  }),
  events: z.array(z.enum(WEBHOOK_EVENTS)),
  jobs: z.array(z.string()).nullable(),
  tags: z.record(z.string(), z.string()).nullable(),
  description: z.string().nullable(),
  email: email.nullable(),
  created_at: time,
  updated_at: time,
  failing_since: time.nullable().openapi({
    description: "since when it has taken nothing; null where it took what it was sent last",
  }),
  disabled_at: time
    .nullable()
    .openapi({ description: "since when it is told nothing any more; null while it is in force" }),
  disabled_why: z.string().nullable(),
  old_secret_until: time
    .nullable()
    .openapi({ description: "until when the secret of before the last rotation signs along" }),
};
export const webhookSchema = z.object(webhookFields).openapi("Webhook");
export type WebhookBody = z.infer<typeof webhookSchema>;

const shownFields = {
  ...webhookFields,
  notes: z.array(z.object({ path: z.string(), message: z.string() })).openapi({
    description: "what is right and may not be meant, by its field: names that no job has",
    example: [
      { path: "jobs.0", message: "there is no job typo-* yet: until there is one, nothing is told of it" },
    ],
  }),
};

/** One that is shown by its id. */
export const shownWebhookSchema = z.object(shownFields).openapi("ShownWebhook");
export type ShownWebhookBody = z.infer<typeof shownWebhookSchema>;

export const webhookWithSecretSchema = z
  .object({
    ...shownFields,
    secret: z.string().nullable().openapi({
      description: "what its notifications are signed with: told this once. null where nothing is signed",
    }),
  })
  .openapi("WebhookWithSecret");
export type WebhookWithSecretBody = z.infer<typeof webhookWithSecretSchema>;

export const webhookListSchema = z
  .object({ webhooks: z.array(webhookSchema).openapi({ description: "the oldest first" }) })
  .openapi("WebhookList");
export type WebhookListBody = z.infer<typeof webhookListSchema>;

export const NOTIFICATION_TYPES = [...WEBHOOK_EVENTS, TEST_EVENT] as const;

/** What a list tells of a notification, of whatever kind. */
export const notificationSummaryFields = {
  id: z.string().openapi({ description: "the webhook-id header of each attempt" }),
  type: z.string().openapi({ example: "run.failed" }),
  state: z.enum(NOTIFICATION_STATES).openapi({
    description:
      "pending: to be sent, or sent again. delivered: answered with 2xx. given_up: not taken for a day, or of a commit's status refused for good. dropped: the webhook was disabled or deleted before, or a newer run tells of the commit",
  }),
  run_id: z.string().nullable().openapi({ description: "null of an alert and a test" }),
  tries: z.int().openapi({ description: "since it was made, or was sent again by hand" }),
  created_at: time,
  next_at: time.nullable().openapi({
    description: "when it is sent next; null where it is not, or waits for one before it of the same run",
  }),
  ended_at: time.nullable(),
};

export const notificationAttemptSchema = z
  .object({
    at: time,
    duration_ms: z.int(),
    status: z.int().nullable().openapi({ description: "of the answer; null without one" }),
    answer: z
      .string()
      .nullable()
      .openapi({ description: `its first ${limits.NOTIFICATION_ANSWER_MAX_BYTES} bytes` }),
    error: z.string().nullable().openapi({ description: "why it failed; null where it did not" }),
  })
  .openapi("NotificationAttempt");

export const notificationSchema = z
  .object({
    ...notificationSummaryFields,
    waits_for: z.string().nullable().openapi({
      description: "the id of the one before it in its run that it waits for; null where it waits for none",
    }),
    payload: z.looseObject({}).openapi({ description: "what is told: type, timestamp and data" }),
    attempts: z.array(notificationAttemptSchema).openapi({
      description: `oldest first, the last ${limits.NOTIFICATION_ATTEMPTS_KEPT}`,
    }),
  })
  .openapi("Notification");
export type NotificationBody = z.infer<typeof notificationSchema>;

const notificationSummarySchema = z
  .object({
    ...notificationSummaryFields,
    last_attempt: notificationAttemptSchema
      .nullable()
      .openapi({ description: "null where there is none yet" }),
  })
  .openapi("NotificationSummary");
export type NotificationSummaryBody = z.infer<typeof notificationSummarySchema>;

export const notificationListSchema = z
  .object({
    notifications: z.array(notificationSummarySchema).openapi({ description: "newest first" }),
    next_cursor: z
      .string()
      .nullable()
      .openapi({ description: "give it as cursor for the next page; null on the last" }),
  })
  .openapi("NotificationList");
export type NotificationListBody = z.infer<typeof notificationListSchema>;

/** Hooks and their deliveries, as they are answered. */

import { z } from "@hono/zod-openapi";
import { formatDuration } from "../core/duration.ts";
import { HOOK_SOURCES } from "../core/hook/spec.ts";
import { VERDICTS } from "../core/hook/verdict.ts";
import * as limits from "../core/limits.ts";
import { REASONS } from "../core/run.ts";
import { hookRulesFields } from "./hook-schema.ts";
import { status, time } from "./schema-parts.ts";

const DAY_MS = limits.DAY_MS;

/** What a delivery is to build. */
export const changeBody = z
  .object({
    kind: z.enum(["push", "tag", "pull_request", "delete"]),
    repository: z.object({ url: z.string(), full_name: z.string(), is_private: z.boolean() }),
    ref: z.string().openapi({ example: "refs/heads/main" }),
    branch: z.string().nullable(),
    tag: z.string().nullable(),
    sha: z.string().nullable().openapi({ description: "the commit; of a pull request its head's" }),
    before: z.string().nullable(),
    message: z
      .string()
      .nullable()
      .openapi({ description: `its first ${limits.DELIVERY_TEXT_MAX_CHARS} characters` }),
    author: z.string().nullable(),
    pull_request: z
      .object({
        number: z.int(),
        action: z.string(),
        has_new_commits: z.boolean(),
        title: z.string(),
        head_ref: z.string(),
        base_ref: z.string(),
        is_fork: z.boolean(),
        head_repository: z.object({ url: z.string(), full_name: z.string() }).nullable(),
      })
      .nullable(),
  })
  .openapi("Change");
export type ChangeBody = z.infer<typeof changeBody>;

const reportFields = {
  context: z.string().openapi({ example: "mayfly/build" }),
  api_url: z.string().nullable().openapi({ description: "null for the source's own" }),
};

/** The delivery of a run. */
export const runDeliveryBody = z
  .object({
    hook: z.string(),
    id: z.string().openapi({ description: "the sender's own" }),
    event: z.string(),
    without_secrets: z.boolean().openapi({
      description:
        "true where the job's secrets were left out, as what it is about (a pull request, a check, a pipeline) is from a fork, or nothing shows that it is not",
    }),
    other_repository: z.boolean().openapi({
      description:
        "true where the run's checkout names another repository than the one that has changed: nothing of the change is checked out",
    }),
    change: changeBody.nullable(),
    report: z
      .object(reportFields)
      .nullable()
      .openapi({ description: "how it is reported on its commit; null where it is not" }),
  })
  .openapi("RunDelivery");
export type RunDeliveryBody = z.infer<typeof runDeliveryBody>;

const verdict = z.enum(VERDICTS).openapi({
  description:
    "started: a run. filtered: the hook's rules leave it out. paused: the job is. refused: the job can not be run with it. ping: the sender only asked whether anybody is there",
});
const why = z
  .enum(["event", "branch", "tag", "path", "if", "skip_ci", "deleted"])
  .nullable()
  .openapi({ description: "of a filtered one the rule; null of every other" });
const detail = z.string().nullable().openapi({ description: "a sentence that goes with the verdict" });

/** What a sender is answered. */
export const receiptSchema = z
  .object({
    delivery: z.string(),
    verdict,
    why,
    detail,
    run_id: z.string().nullable(),
    duplicate: z.boolean().openapi({
      description:
        "true where it was delivered before: this is what it came to then, and nothing was started now",
    }),
    received_at: time.openapi({ description: "when it came first" }),
    repeats: z.int().openapi({ description: "calls with the same id, after the first" }),
  })
  .openapi("Receipt");
export type ReceiptBody = z.infer<typeof receiptSchema>;

const summary = {
  id: z.string().openapi({ description: "the sender's own; of one that was resent that and +resend.1" }),
  received_at: time,
  source: z.enum(HOOK_SOURCES),
  event: z.string(),
  action: z.string().nullable(),
  verdict,
  why,
  detail,
  job_version: z.int().openapi({ description: "the version of the job that was in force" }),
  run_id: z.string().nullable(),
  run: z
    .object({ status, reason: z.enum(REASONS).nullable() })
    .nullable()
    .openapi({ description: "how the run is doing; null where there is none" }),
  resend_of: z
    .string()
    .nullable()
    .openapi({ description: "the delivery that was resent; null where the sender called" }),
  without_secrets: z.boolean(),
  repeats: z.int().openapi({ description: "calls of the sender with the same id, after the first" }),
  repeated_at: time.nullable(),
  change: changeBody.nullable(),
  body_bytes: z.int(),
  body_sha256: z.string(),
  body_of: z.string().nullable().openapi({
    description:
      "the delivery with which the body is kept: of a push of several refs, each a delivery, the first one; null where it is its own",
  }),
};

export const deliverySummarySchema = z.object(summary).openapi("DeliverySummary");
export type DeliverySummaryBody = z.infer<typeof deliverySummarySchema>;

export const deliverySchema = z
  .object({
    ...summary,
    headers: z
      .record(z.string(), z.string())
      .openapi({ description: "those that matter, without signatures and tokens" }),
    body: z
      .string()
      .nullable()
      .openapi({ description: "as text where it is UTF-8, else null and body_base64 has it" }),
    body_base64: z.string().nullable(),
    body_complete: z.boolean().openapi({
      description: `false where only the first ${limits.DELIVERY_BODY_KEPT_BYTES} bytes could be kept, or none are, as the delivery is gone with which they were: such a one can not be resent`,
    }),
  })
  .openapi("Delivery");
export type DeliveryBody = z.infer<typeof deliverySchema>;

export const deliveryListSchema = z
  .object({
    deliveries: z.array(deliverySummarySchema).openapi({
      description: `newest first; kept for ${limits.DELIVERIES_KEPT_MS / DAY_MS} days`,
    }),
    next_cursor: z
      .string()
      .nullable()
      .openapi({
        description: `give it as cursor for the next page; null on the last. With a filter a page looks at ${limits.DELIVERIES_SCAN_MAX} rows (with text at ${limits.DELIVERIES_TEXT_SCAN_MAX}), and can have few that fit, or none, and still not be the last`,
      }),
  })
  .openapi("DeliveryList");
export type DeliveryListBody = z.infer<typeof deliveryListSchema>;

const hookRules = z.object(hookRulesFields);
export type HookRulesBody = z.infer<typeof hookRules>;

export const storedHookSchema = z
  .object({
    job: z.string(),
    name: z.string(),
    source: z.enum(HOOK_SOURCES),
    url: z.string().openapi({
      description:
        "what the sender is to call: by the name in the setting PUBLIC_URL, and by that which this Mayfly was asked by where there is none",
      example: "https://mayfly.example.com/hooks/0q3v…",
    }),
    url_since: time,
    created_at: time,
    secrets: z
      .array(z.string())
      .openapi({ description: "names of the secrets that the sender may sign with" }),
    rules: hookRules.openapi({
      description: "which deliveries start a run, and what of them it gets: as the job's definition has it",
    }),
    problem: z
      .string()
      .nullable()
      .openapi({ description: "why every call is refused: none of its secrets is set; else null" }),
    report: z
      .object({
        ...reportFields,
        token: z.string().openapi({ description: "the name of the secret with the token" }),
        problem: z
          .string()
          .nullable()
          .openapi({ description: "why nothing is reported: the secret is not set; else null" }),
        failing_since: time.nullable().openapi({
          description:
            "since when no report that was tried was taken; null where the last one was, or none failed since its report was changed",
        }),
      })
      .nullable()
      .openapi({ description: "how its runs are reported on their commits; null where they are not" }),
    refused_calls: z
      .object({
        at_least: z.int().openapi({
          description:
            "so many, and perhaps many more: they are counted in with a call that comes a minute or more after the last such one, so that 1 can stand for a burst, and strangers who call many URLs that no hook has can crowd some out",
        }),
        since: time.openapi({
          description: `the first of them, before which there was none for ${formatDuration(limits.REFUSED_CALLS_APART_MS)}`,
        }),
        last_at: time.openapi({ description: "about the last of them" }),
      })
      .nullable()
      .openapi({
        description:
          "calls of this URL that were answered 401, as none of the hook's secrets signed them: its sender has another secret, or a stranger called; null where there were none",
      }),
    last_delivery: deliverySummarySchema.nullable(),
  })
  .openapi("Hook");
export type StoredHookBody = z.infer<typeof storedHookSchema>;

export const hookListSchema = z
  .object({
    hooks: z.array(storedHookSchema),
    next_cursor: z
      .string()
      .nullable()
      .openapi({ description: "give it as cursor for the next page; null on the last" }),
  })
  .openapi("HookList");
export type HookListBody = z.infer<typeof hookListSchema>;

/** What `POST …/try` takes: rules in the place of the hook's own. */
export const tryInputSchema = z
  .strictObject({
    ...hookRulesFields,
    limit: z.int().min(1).max(limits.HOOK_TRY_MAX).default(limits.HOOK_TRY_DEFAULT),
  })
  .openapi("HookTrial", {
    description:
      "what is given takes the place of the hook's own; with an empty body the hook's own are tried",
  });

export type HookTrial = z.input<typeof tryInputSchema>;

export const triedSchema = z
  .object({
    deliveries: z.array(
      z.object({
        id: z.string(),
        received_at: time,
        event: z.string(),
        was: z.object({ verdict, why }),
        would: z
          .object({
            verdict,
            why,
            detail,
            env: z.record(z.string(), z.string()).nullable().openapi({ description: "what map makes of it" }),
            input: z.unknown(),
          })
          .nullable()
          .openapi({ description: "null where it can not be read any more; problem says why" }),
        problem: z.string().nullable(),
      }),
    ),
  })
  .openapi("HookTried");
export type TriedBody = z.infer<typeof triedSchema>;

/** Webhooks and what they are told, in plain words. */

import type { NotificationSummaryBody, WebhookBody } from "../../api/webhook-schema.ts";
import type { NotificationState } from "../../core/notification/attempt.ts";
import { visible } from "./body-text.ts";

export const STATE_WORDS: Record<NotificationState, string> = {
  pending: "Pending",
  delivered: "Delivered",
  given_up: "Given up",
  dropped: "Dropped",
};

export const KIND_WORDS: Record<WebhookBody["kind"], string> = {
  standard: "Standard Webhooks",
  slack: "Slack",
  email: "E-mail",
};

/** Where it leads, in a line. Of a URL of Slack the path is what lets one in, so only its own page shows that. */
export function targetWords({ kind, url, email }: WebhookBody): string {
  if (email !== null) return visible(email.to.join(", "));
  return visible(kind === "slack" && URL.canParse(url) ? `${new URL(url).host} …` : url);
}

/** What it is told of besides its events; "" where that is everything. */
export function narrowedWords({ jobs, tags }: WebhookBody): string {
  const ofJobs = jobs === null ? "" : `jobs ${jobs.join(", ")}`;
  const ofTags =
    tags === null
      ? ""
      : `tags ${Object.entries(tags)
          .map(([key, value]) => `${key}:${value}`)
          .join(", ")}`;
  return visible([ofJobs, ofTags].filter((words) => words !== "").join("; "));
}

/** "200 in 34 ms", "no answer within 10 s". */
export function attemptWords(attempt: NonNullable<NotificationSummaryBody["last_attempt"]>): string {
  const { status, duration_ms: ms, error } = attempt;
  if (error === null) return `${status} in ${ms} ms`;
  return visible(error);
}

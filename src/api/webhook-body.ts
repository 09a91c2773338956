/** Webhooks and notifications in the API's words. */

import { isRunId } from "../core/id.ts";
import type { SendAttempt } from "../core/notification/attempt.ts";
import { EMAIL_URLS, type Webhook, type WebhookSpec } from "../core/webhook/webhook.ts";
import type { Notification } from "../flow/ports/notifications.ts";
import { rfc3339, timeOrNull } from "./run-body.ts";
import type {
  NewWebhookBody,
  NotificationBody,
  NotificationSummaryBody,
  WebhookBody,
  WebhookChangeBody,
} from "./webhook-schema.ts";

export function webhookBody(webhook: Webhook): WebhookBody {
  const { id, kind, url, events, jobs, tags, description, email } = webhook;
  return {
    ...{ id, kind, url, events, jobs, tags, description, email },
    created_at: rfc3339(webhook.createdAt),
    updated_at: rfc3339(webhook.updatedAt),
    failing_since: timeOrNull(webhook.failingSince),
    disabled_at: timeOrNull(webhook.disabledAt),
    disabled_why: webhook.disabledWhy,
    old_secret_until: timeOrNull(webhook.oldSecretUntil),
  };
}

export function webhookSpec(body: NewWebhookBody): WebhookSpec {
  const { kind = "standard", events, jobs = null, tags = null, description = null, email = null } = body;
  const url = body.url ?? (email === null ? "" : EMAIL_URLS[email.provider]);
  return { kind, url, events, jobs, tags, description, email };
}

/** What is left out stays; another provider's e-mails go to where that takes them, unless told otherwise. */
export function changedSpec(before: WebhookSpec, body: WebhookChangeBody): WebhookSpec {
  const { kind, events, jobs, tags, description, email } = before;
  return {
    kind,
    url: changedUrl(before, body),
    events: body.events ?? events,
    jobs: body.jobs === undefined ? jobs : body.jobs,
    tags: body.tags === undefined ? tags : body.tags,
    description: body.description === undefined ? description : body.description,
    email: body.email ?? email,
  };
}

function changedUrl({ url, email }: WebhookSpec, body: WebhookChangeBody): string {
  const provider = body.email?.provider;
  return body.url ?? (email !== null && provider && provider !== email.provider ? EMAIL_URLS[provider] : url);
}

function summary({ id, type, state, line, tries, createdAt, nextAt, endedAt }: Notification) {
  return {
    id,
    type,
    state,
    run_id: isRunId(line) ? line : null,
    tries,
    created_at: rfc3339(createdAt),
    next_at: timeOrNull(nextAt),
    ended_at: timeOrNull(endedAt),
  };
}

export function notificationSummary(notification: Notification): NotificationSummaryBody {
  const last = notification.attempts.at(-1);
  return { ...summary(notification), last_attempt: last ? attemptBody(last) : null };
}

/** @param waitsFor the one before it that it waits for; null where it waits for none */
export function notificationBody(
  notification: Notification,
  waitsFor: Notification | null = null,
): NotificationBody {
  const { payload, attempts } = notification;
  return {
    ...summary(notification),
    waits_for: waitsFor?.id ?? null,
    payload: JSON.parse(payload),
    attempts: attempts.map(attemptBody),
  };
}

export function attemptBody({ at, ms, status, answer, error }: SendAttempt) {
  return { at: rfc3339(at), duration_ms: ms, status, answer, error };
}

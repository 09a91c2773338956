/** Webhook: a subscriber's URL, and what it is to be told of. */

import type { WebhookEvent } from "./event-types.ts";

/** In which shape a webhook is told: Standard Webhooks (https://www.standardwebhooks.com), a message in Slack, an e-mail. */
export const WEBHOOK_KINDS = ["standard", "slack", "email"] as const;
export type WebhookKind = (typeof WEBHOOK_KINDS)[number];

export const EMAIL_PROVIDERS = ["resend", "postmark", "sendgrid"] as const;
export type EmailProvider = (typeof EMAIL_PROVIDERS)[number];

/** Where the providers take e-mails: their documents of the HTTP API. */
export const EMAIL_URLS: Record<EmailProvider, string> = {
  resend: "https://api.resend.com/emails",
  postmark: "https://api.postmarkapp.com/email",
  sendgrid: "https://api.sendgrid.com/v3/mail/send",
};

export interface EmailSettings {
  provider: EmailProvider;
  /** An address, or `Name <address>`. */
  from: string;
  to: string[];
  /** The secret with the provider's key. */
  secret: string;
}

/** What a webhook wants to hear of. */
export interface Subscription {
  events: WebhookEvent[];
  /** Names of jobs, in which `*` stands for any characters; null for all, and for runs without a job. */
  jobs: string[] | null;
  /** Tags that a run must have, all of them; null for any. Nothing but runs has tags. */
  tags: Record<string, string> | null;
}

export interface WebhookSpec extends Subscription {
  kind: WebhookKind;
  url: string;
  description: string | null;
  /** Of kind `email`; null of every other. */
  email: EmailSettings | null;
}

/** How a webhook has fared lately. Epoch milliseconds; null where nothing has failed since it last took a notification. */
export interface Health {
  /** Since when nothing was taken, attempt after attempt. */
  failingSince: number | null;
  failedAt: number | null;
}

export interface Webhook extends WebhookSpec, Health {
  orgId: string;
  id: string;
  /** Counts its changes. */
  revision: number;
  createdAt: number;
  updatedAt: number;
  /** Since when nothing is sent there any more; null while it is in force. */
  disabledAt: number | null;
  /** A sentence for people. */
  disabledWhy: string | null;
  /** Until when the secret of before the last rotation signs along; null where there is none. */
  oldSecretUntil: number | null;
}

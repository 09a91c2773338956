/** What the pages of webhooks need of the rest of Mayfly, in the words of the API. */

import type {
  NotificationBody,
  NotificationListBody,
  NotificationSummaryBody,
  ShownWebhookBody,
  WebhookBody,
} from "../api/webhook-schema.ts";

/** A webhook in a list, with how it fares. */
export type ListedWebhook = WebhookBody & {
  /** What it has yet to be told, counted up to `NOTIFICATIONS_SCAN_MAX`. */
  waiting: number;
  /** When it last took something; null where it took none of what it was told lately. */
  last_delivered_at: string | null;
};

/** One that is shown by itself. */
export type ShownWebhook = ListedWebhook & ShownWebhookBody;

/** Each as somebody typed it; null for all. */
export interface NotificationQuery {
  state: string | null;
  type: string | null;
  run: string | null;
  cursor: string | null;
}

export interface NotificationName {
  webhook: string;
  id: string;
}

/** A notification about a run. */
export interface ToldOfRun {
  webhook: WebhookBody;
  notification: NotificationSummaryBody;
}

/** Nothing and nobody of the id is null or false; an `AppError` of the core is shown with its sentence. */
export interface WebhookPorts {
  /** The oldest first. */
  listWebhooks(): Promise<ListedWebhook[]>;
  getWebhook(id: string): Promise<ShownWebhook | null>;
  /** One by chance, as subscribers are given them. */
  newWebhookSecret(): string;
  /**
   * @param input as `POST /v1/webhooks` takes it
   * @param once who creates the same twice under the same word creates once
   * @returns its id
   * @throws AppError with the paths of all that is wrong
   */
  createWebhook(input: object, once: string): Promise<string>;
  /** @param input as `PATCH /v1/webhooks/{id}` takes it @throws AppError likewise */
  changeWebhook(id: string, input: object): Promise<boolean>;
  /**
   * Gives it a secret, unless it was changed since the page was made.
   * @param updatedAt of the page
   * @throws AppError likewise; with the path "updated_at" where it was changed, and has another secret than this
   */
  rotateWebhook(id: string, secret: string, updatedAt: string): Promise<boolean>;
  enableWebhook(id: string, isEnabled: boolean): Promise<boolean>;
  deleteWebhook(id: string): Promise<boolean>;
  /** @returns the id of the notification that it was tried with */
  testWebhook(id: string): Promise<string | null>;
  /** What it was told, newest first. @throws AppError `invalid_input` with the path "query.run" and its like */
  notifications(id: string, query: NotificationQuery): Promise<NotificationListBody | null>;
  getNotification(name: NotificationName): Promise<NotificationBody | null>;
  /** Has it sent again, unless that was done since the page was made. @param endedAt of the page */
  resendNotification(name: NotificationName, endedAt: string): Promise<boolean>;
  /** What webhooks were told of a run, the oldest first. */
  toldOfRun(runId: string): Promise<ToldOfRun[]>;
}

/** Tell webhooks: which of them are told of a fact, what reaches them, and what their attempts say of them. */

import type { SendResult } from "../core/notification/attempt.ts";
import { type Fact, lineOf } from "../core/notification/fact.ts";
import type { NotificationType } from "../core/webhook/event-types.ts";
import { says, whyDisable } from "../core/webhook/standing.ts";
import { typeFor } from "../core/webhook/type-for.ts";
import type { Courier, DueNotification, OutboxReader } from "./ports/notifications.ts";
import type { StoredWebhook, WebhookStore } from "./ports/webhooks.ts";

/** The `kind` of what webhooks are told. */
export const TO_WEBHOOK = "webhook";

/** What the world outside has to do for it. */
export interface WebhookEdge {
  /** The body of a notification, as JSON. */
  payload(type: NotificationType, fact: Fact): string;
  send(webhook: StoredWebhook, notification: DueNotification): Promise<SendResult>;
}

/** For one pass over the outbox: whoever is subscribed is looked up once. */
export function webhookReader(
  webhooks: WebhookStore,
  { payload }: Pick<WebhookEdge, "payload">,
): OutboxReader {
  const known = new Map<string, Promise<StoredWebhook[]>>();
  const subscribed = (orgId: string) => {
    const list = known.get(orgId) ?? webhooks.list(orgId);
    known.set(orgId, list);
    return list;
  };
  return {
    async read(row) {
      const { orgId, seq, fact } = row;
      return (await subscribed(orgId)).flatMap((webhook) => {
        const type = webhook.disabledAt === null ? typeFor(webhook, fact) : null;
        if (type === null) return [];
        return {
          target: webhook.id,
          line: lineOf(row),
          seq,
          orgId,
          kind: TO_WEBHOOK,
          type,
          payload: payload(type, fact),
        };
      });
    },
  };
}

export function webhookCourier(webhooks: WebhookStore, { send }: Pick<WebhookEdge, "send">): Courier {
  return {
    async open(orgId, webhookId) {
      const webhook = await webhooks.find(orgId, webhookId);
      return webhook === null || webhook.disabledAt !== null ? null : destination(webhooks, webhook, send);
    },
  };
}

/** A webhook as somewhere to send to, whether it is in force or not. */
export function destination(webhooks: WebhookStore, webhook: StoredWebhook, send: WebhookEdge["send"]) {
  const { orgId, id } = webhook;
  /** As it is stored, as far as this one knows: what changes nothing is not written. */
  let isFailing = webhook.failingSince !== null;
  return {
    send: (notification: DueNotification) => send(webhook, notification),
    async note({ type }: DueNotification, result: SendResult, at: number) {
      const said = says(type, result);
      if (said === "taken" && isFailing) {
        isFailing = false;
        await webhooks.noteSuccess(orgId, id);
      }
      if (said !== "failed") return;
      isFailing = true;
      const failingSince = await webhooks.noteFailure(orgId, id, at);
      const why = failingSince === null ? null : whyDisable(result, at - failingSince);
      if (why !== null) await webhooks.disable(webhook, why, at, failingSince);
    },
  };
}

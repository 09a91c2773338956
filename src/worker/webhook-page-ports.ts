/** What the pages of webhooks need, from what the API has. */

import { checked } from "../api/checked.ts";
import { checkedWebhook } from "../api/checked-webhook.ts";
import type { ApiPorts } from "../api/ports.ts";
import {
  loadNotification,
  notificationFilter,
  notificationQuery,
  pageOfNotifications,
  resendNotification,
  shownNotification,
} from "../api/routes/webhooks/notifications.ts";
import { triedWebhook } from "../api/routes/webhooks/webhooks.ts";
import { timeOrNull } from "../api/run-body.ts";
import { changedSpec, notificationSummary, webhookBody, webhookSpec } from "../api/webhook-body.ts";
import { shownWebhook } from "../api/webhook-notes.ts";
import { newWebhookSchema, rotateSchema, webhookChangeSchema } from "../api/webhook-schema.ts";
import { newWebhookId } from "../core/id.ts";
import { PAGE_LEDGER_MAX, PAGE_TOLD_MAX } from "../core/limits.ts";
import type { ListedWebhook, WebhookPorts } from "../dashboard/webhook-ports.ts";
import {
  changeWebhook,
  disableWebhook,
  enableWebhook,
  loadWebhook,
  rotateSecret,
  subscribe,
} from "../flow/change-webhook.ts";
import type { StoredWebhook } from "../flow/ports/webhooks.ts";
import { isDone, orNull } from "./or-null.ts";
import { said } from "./said.ts";

export function webhookPagePorts(ports: ApiPorts): WebhookPorts {
  const { webhooks, webhookKeeper, notifications, orgId } = ports;
  return {
    listWebhooks: async () => listed(ports, await webhooks.list(orgId)),
    async getWebhook(id) {
      const found = await orNull(loadWebhook(ports, id));
      const [webhook] = found === null ? [] : await listed(ports, [found]);
      return found && webhook ? { ...webhook, ...(await shownWebhook(ports, found)) } : null;
    },
    newWebhookSecret: () => webhookKeeper.newSecret(),
    async createWebhook(input, once) {
      const body = await checkedWebhook(ports, newWebhookSchema, input);
      // The same form with something else in it makes another one.
      const id = newWebhookId(await bytesOf(`page: webhook ${once} ${JSON.stringify(body)}`));
      await subscribe({ ...ports, webhookId: () => id }, webhookSpec(body), body.secret ?? null).catch(
        async (error) => {
          // The same form was first.
          if ((await webhooks.find(orgId, id)) === null) throw error;
        },
      );
      return id;
    },
    changeWebhook: async (id, input) => {
      const body = await checkedWebhook(ports, webhookChangeSchema, input);
      return isDone(changeWebhook(ports, id, (before) => changedSpec(before, body)));
    },
    async rotateWebhook(id, secret, updatedAt) {
      const body = checked(rotateSchema, { secret }, null);
      return isDone(rotateSecret(ports, id, body.secret ?? null, Date.parse(updatedAt)));
    },
    enableWebhook: (id, isEnabled) => isDone((isEnabled ? enableWebhook : disableWebhook)(ports, id)),
    deleteWebhook: (id) => webhooks.remove(orgId, id),
    testWebhook: async (id) => (await orNull(triedWebhook(ports, id)))?.id ?? null,
    async notifications(id, query) {
      const filter = notificationFilter(checked(notificationQuery, said(query), "query"));
      return orNull(pageOfNotifications(ports, id, { ...filter, limit: PAGE_LEDGER_MAX }));
    },
    async getNotification({ webhook, id }) {
      return orNull(shownNotification(ports, webhook, id));
    },
    async resendNotification({ webhook, id }, endedAt) {
      const found = await orNull(loadNotification(ports, webhook, id));
      if (found === null) return false;
      if ((timeOrNull(found.endedAt) ?? "") !== endedAt) return true;
      return isDone(resendNotification(ports, webhook, id));
    },
    async toldOfRun(runId) {
      const known = new Map((await webhooks.list(orgId)).map((webhook) => [webhook.id, webhook]));
      if (known.size === 0) return [];
      const told = await notifications.ofLine(orgId, [...known.keys()], runId, PAGE_TOLD_MAX);
      return told.flatMap((notification) => {
        const webhook = known.get(notification.target);
        if (webhook === undefined) return [];
        return { webhook: webhookBody(webhook), notification: notificationSummary(notification) };
      });
    },
  };
}

async function listed({ notifications }: ApiPorts, found: StoredWebhook[]): Promise<ListedWebhook[]> {
  if (found.length === 0) return [];
  const standings = await notifications.standings(found.map(({ id }) => id));
  return found.map((webhook, index) => {
    const { waiting = 0, deliveredAt = null } = standings[index] ?? {};
    return { ...webhookBody(webhook), waiting, last_delivered_at: timeOrNull(deliveredAt) };
  });
}

/** As many bytes as the id of a webhook is made of, the same for the same word. */
async function bytesOf(word: string): Promise<Uint8Array> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(word));
  return new Uint8Array(digest).subarray(0, 16);
}

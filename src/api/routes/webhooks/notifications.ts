/** /v1/webhooks/{id}/notifications: what a webhook was told, and how that went. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../../core/error.ts";
import { LIST_LIMIT_DEFAULT } from "../../../core/limits.ts";
import { NOTIFICATION_STATES } from "../../../core/notification/attempt.ts";
import { loadWebhook } from "../../../flow/change-webhook.ts";
import type { Notification, NotificationFilter } from "../../../flow/ports/notifications.ts";
import { sendAgain } from "../../../flow/send-again.ts";
import type { ApiPorts } from "../../ports.ts";
import { pageLimit } from "../../schema-parts.ts";
import { notificationBody, notificationSummary } from "../../webhook-body.ts";
import {
  NOTIFICATION_TYPES,
  type NotificationBody,
  type NotificationListBody,
  notificationListSchema,
} from "../../webhook-schema.ts";
import { COMMON_ERRORS } from "../answers.ts";
import {
  NO_NOTIFICATION,
  NO_WEBHOOK,
  notificationAnswer,
  notificationParam,
  webhookParam,
} from "./answers.ts";

/** How a page of what a webhook was told is asked for. */
export const notificationQuery = z.strictObject({
  limit: pageLimit,
  state: z.enum(NOTIFICATION_STATES).optional(),
  type: z.enum(NOTIFICATION_TYPES).optional(),
  run: z.string().max(64).optional().openapi({ description: "only those of this run" }),
  cursor: z
    .string()
    .regex(/^msg_[0-9a-z]{26}$/, "must be the next_cursor of the page before")
    .optional()
    .openapi({ description: "the next_cursor of the page before" }),
});

const list = createRoute({
  method: "get",
  path: "/v1/webhooks/{id}/notifications",
  summary: "List what a webhook was told, newest first",
  description: "For 90 days. A page can have fewer than asked for and not be the last.",
  request: {
    params: webhookParam,
    query: notificationQuery,
  },
  responses: {
    200: { description: "a page", content: { "application/json": { schema: notificationListSchema } } },
    ...COMMON_ERRORS,
    ...NO_WEBHOOK,
  },
});

const show = createRoute({
  method: "get",
  path: "/v1/webhooks/{id}/notifications/{notification}",
  summary: "Show a notification with its attempts",
  request: { params: notificationParam },
  responses: {
    200: notificationAnswer("what is told, and how that went"),
    ...COMMON_ERRORS,
    ...NO_NOTIFICATION,
  },
});

const resend = createRoute({
  method: "post",
  path: "/v1/webhooks/{id}/notifications/{notification}/resend",
  summary: "Send a notification again",
  description:
    "With the webhook-id that it had, whatever is before it in its run, and nothing waits for it. One that waits for its next attempt is sent at once; where it waits for one before it in its run, that one is: `waits_for` names it.",
  request: { params: notificationParam },
  responses: { 202: notificationAnswer("on its way"), ...COMMON_ERRORS, ...NO_NOTIFICATION },
});

export function notificationsRoutes(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(list, async (c) => {
    const { id } = c.req.valid("param");
    const filter = notificationFilter(c.req.valid("query"));
    return c.json(await pageOfNotifications(ports, id, filter), 200);
  });
  app.openapi(show, async (c) => {
    const { id, notification } = c.req.valid("param");
    return c.json(await shownNotification(ports, id, notification), 200);
  });
  app.openapi(resend, async (c) => {
    const { id, notification } = c.req.valid("param");
    await resendNotification(ports, id, notification);
    return c.json(await shownNotification(ports, id, notification), 202);
  });
}

export function notificationFilter(query: z.output<typeof notificationQuery>): NotificationFilter {
  const { limit = LIST_LIMIT_DEFAULT, state = null, type = null, run = null, cursor = null } = query;
  return { state, type, line: run, beforeId: cursor, limit };
}

/** One page, newest first. @throws AppError `not_found` */
export async function pageOfNotifications(
  ports: ApiPorts,
  webhookId: string,
  filter: NotificationFilter,
): Promise<NotificationListBody> {
  await loadWebhook(ports, webhookId);
  const page = await ports.notifications.list(ports.orgId, webhookId, filter);
  return { notifications: page.notifications.map(notificationSummary), next_cursor: page.nextBefore };
}

/** Has a notification sent again that is over, or at once that waits. @throws AppError */
export async function resendNotification(ports: ApiPorts, webhookId: string, id: string): Promise<void> {
  const webhook = await loadWebhook(ports, webhookId);
  if (webhook.disabledAt !== null)
    throw new AppError(
      "invalid_input",
      "the webhook is disabled, and would be told nothing; enable it first",
      "path.id",
    );
  await sendAgain(ports, await loadNotification(ports, webhookId, id));
}

/** @throws AppError `not_found` */
export async function shownNotification(
  ports: ApiPorts,
  webhookId: string,
  id: string,
): Promise<NotificationBody> {
  const found = await loadNotification(ports, webhookId, id);
  return notificationBody(found, await ports.notifications.waitedFor(found));
}

export async function loadNotification(
  { notifications, orgId }: ApiPorts,
  webhookId: string,
  id: string,
): Promise<Notification> {
  const found = await notifications.find(orgId, webhookId, id);
  if (found === null)
    throw new AppError(
      "not_found",
      `the webhook ${webhookId.slice(0, 64)} has no notification ${id.slice(0, 64)}`,
      "path.notification",
    );
  return found;
}

/** /v1/webhooks: who is told of runs and alerts. */

import { createRoute, type OpenAPIHono, type z } from "@hono/zod-openapi";
import { TEST_EVENT } from "../../../core/webhook/event-types.ts";
import {
  changeWebhook,
  disableWebhook,
  enableWebhook,
  loadWebhook,
  rotateSecret,
  subscribe,
  tryWebhook,
} from "../../../flow/change-webhook.ts";
import type { Notification } from "../../../flow/ports/notifications.ts";
import { checked } from "../../checked.ts";
import { checkedWebhook } from "../../checked-webhook.ts";
import { parseJson } from "../../json-body.ts";
import type { ApiPorts } from "../../ports.ts";
import { rfc3339 } from "../../run-body.ts";
import { changedSpec, notificationBody, webhookBody, webhookSpec } from "../../webhook-body.ts";
import { shownWebhook } from "../../webhook-notes.ts";
import {
  newWebhookSchema,
  rotateSchema,
  webhookChangeSchema,
  webhookListSchema,
} from "../../webhook-schema.ts";
import { COMMON_ERRORS } from "../answers.ts";
import {
  BODY_ERRORS,
  NO_WEBHOOK,
  notificationAnswer,
  webhookAnswer,
  webhookParam,
  webhookWithSecretAnswer,
} from "./answers.ts";

const bodyOf = <Schema extends z.ZodType>(schema: Schema, required = true) => ({
  required,
  content: { "application/json": { schema } },
});

const create = createRoute({
  method: "post",
  path: "/v1/webhooks",
  summary: "Subscribe a URL to what happens",
  description:
    "Notifications are POSTed as Standard Webhooks has it (webhook-id, webhook-timestamp, webhook-signature). What is of one run is told in order. What is not answered with 2xx within 10 seconds is sent again, after 2.5 to 5 seconds, then twice that and so on up to an hour, for a day; a webhook that takes nothing for 72 hours is disabled. A notification can come twice: with the webhook-id that it had.",
  request: { body: bodyOf(newWebhookSchema) },
  responses: {
    201: webhookWithSecretAnswer("the webhook, with its secret: no other call tells it"),
    ...COMMON_ERRORS,
    ...BODY_ERRORS,
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/webhooks",
  summary: "List webhooks",
  responses: {
    200: { description: "all", content: { "application/json": { schema: webhookListSchema } } },
    ...COMMON_ERRORS,
  },
});

const show = createRoute({
  method: "get",
  path: "/v1/webhooks/{id}",
  summary: "Show a webhook",
  request: { params: webhookParam },
  responses: { 200: webhookAnswer("what is known of it"), ...COMMON_ERRORS, ...NO_WEBHOOK },
});

const change = createRoute({
  method: "patch",
  path: "/v1/webhooks/{id}",
  summary: "Change a webhook",
  description:
    "What is left out stays as it is. What it has yet to be told goes to where it leads then, at once where that is elsewhere.",
  request: { params: webhookParam, body: bodyOf(webhookChangeSchema) },
  responses: { 200: webhookAnswer("changed"), ...COMMON_ERRORS, ...NO_WEBHOOK, ...BODY_ERRORS },
});

const remove = createRoute({
  method: "delete",
  path: "/v1/webhooks/{id}",
  summary: "Delete a webhook",
  description: "It is told nothing any more, not even what it has yet to be told.",
  request: { params: webhookParam },
  responses: { 204: { description: "deleted" }, ...COMMON_ERRORS, ...NO_WEBHOOK },
});

const test = createRoute({
  method: "post",
  path: "/v1/webhooks/{id}/test",
  summary: "Try a webhook",
  description:
    "Sends a notification of type webhook.test, once, and answers how it went. A disabled webhook can be tried, too.",
  request: { params: webhookParam },
  responses: {
    200: notificationAnswer("the notification with its attempt"),
    ...COMMON_ERRORS,
    ...NO_WEBHOOK,
  },
});

const disable = createRoute({
  method: "post",
  path: "/v1/webhooks/{id}/disable",
  summary: "Put a webhook out of force",
  description: "It is told nothing until it is enabled again; what it has yet to be told ends as dropped.",
  request: { params: webhookParam },
  responses: { 200: webhookAnswer("out of force"), ...COMMON_ERRORS, ...NO_WEBHOOK },
});

const enable = createRoute({
  method: "post",
  path: "/v1/webhooks/{id}/enable",
  summary: "Put a webhook into force again",
  description:
    "What happened meanwhile it is not told. Of one that is in force and fails what waits for its next attempt is sent at once.",
  request: { params: webhookParam },
  responses: { 200: webhookAnswer("in force"), ...COMMON_ERRORS, ...NO_WEBHOOK },
});

const rotate = createRoute({
  method: "post",
  path: "/v1/webhooks/{id}/rotate",
  summary: "Give a webhook another secret",
  description: "The one of before signs along for 24 hours.",
  request: { params: webhookParam, body: bodyOf(rotateSchema, false) },
  responses: {
    200: webhookWithSecretAnswer("the webhook, with its new secret: no other call tells it"),
    ...COMMON_ERRORS,
    ...NO_WEBHOOK,
    ...BODY_ERRORS,
  },
});

/** A webhook is told that it is tried. @returns how that went @throws AppError `not_found` */
export function triedWebhook(ports: ApiPorts, id: string): Promise<Notification> {
  const payload = { type: TEST_EVENT, timestamp: rfc3339(ports.clock.now()), data: { webhook: { id } } };
  return tryWebhook(ports, id, JSON.stringify(payload));
}

export function webhooksRoutes(app: OpenAPIHono, ports: ApiPorts): void {
  const { webhooks, orgId } = ports;
  // JSON is asked for whatever the content type says, as where a run is submitted.
  app.openAPIRegistry.registerPath(create);
  app.post("/v1/webhooks", async (c) => {
    const input = await checkedWebhook(ports, newWebhookSchema, parseJson(await c.req.arrayBuffer()));
    return c.json(await withSecret(await subscribe(ports, webhookSpec(input), input.secret ?? null)), 201);
  });
  app.openapi(list, async (c) => c.json({ webhooks: (await webhooks.list(orgId)).map(webhookBody) }, 200));
  app.openapi(show, async (c) =>
    c.json(await shownWebhook(ports, await loadWebhook(ports, c.req.valid("param").id)), 200),
  );
  app.openAPIRegistry.registerPath(change);
  app.patch("/v1/webhooks/:id", async (c) => {
    const { id } = checked(webhookParam, c.req.param(), "path");
    const input = await checkedWebhook(ports, webhookChangeSchema, parseJson(await c.req.arrayBuffer()));
    const { enabled = null } = input;
    const changed = await changeWebhook(ports, id, (before) => changedSpec(before, input), enabled);
    return c.json(await shownWebhook(ports, changed), 200);
  });
  app.openapi(remove, async (c) => {
    const { id } = c.req.valid("param");
    await loadWebhook(ports, id);
    await webhooks.remove(orgId, id);
    return c.body(null, 204);
  });
  app.openapi(test, async (c) =>
    c.json(notificationBody(await triedWebhook(ports, c.req.valid("param").id)), 200),
  );
  app.openapi(disable, async (c) =>
    c.json(await shownWebhook(ports, await disableWebhook(ports, c.req.valid("param").id)), 200),
  );
  app.openapi(enable, async (c) =>
    c.json(await shownWebhook(ports, await enableWebhook(ports, c.req.valid("param").id)), 200),
  );
  app.openAPIRegistry.registerPath(rotate);
  app.post("/v1/webhooks/:id/rotate", async (c) => {
    const { id } = checked(webhookParam, c.req.param(), "path");
    const body = await c.req.arrayBuffer();
    const input = checked(rotateSchema, body.byteLength === 0 ? {} : parseJson(body), null);
    return c.json(await withSecret(await rotateSecret(ports, id, input.secret ?? null)), 200);
  });

  async function withSecret({ webhook, secret }: Awaited<ReturnType<typeof subscribe>>) {
    return { ...(await shownWebhook(ports, webhook)), secret: webhook.kind === "standard" ? secret : null };
  }
}

/** Parts that the descriptions of the calls about webhooks share. */

import { z } from "@hono/zod-openapi";
import { notificationSchema, shownWebhookSchema, webhookWithSecretSchema } from "../../webhook-schema.ts";
import { errorAnswer } from "../answers.ts";

export const webhookParam = z.strictObject({
  id: z.string().openapi({ param: { name: "id", in: "path" }, example: "wh_7k2m9q4x8c1v5b3n" }),
});

export const notificationParam = z.strictObject({
  ...webhookParam.shape,
  notification: z
    .string()
    .openapi({ param: { name: "notification", in: "path" }, example: "msg_01jd0k3v7c9q2m8w5x4y6z7a8b" }),
});

const json = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { "application/json": { schema } },
});

export const webhookAnswer = (description: string) => json(description, shownWebhookSchema);
export const webhookWithSecretAnswer = (description: string) => json(description, webhookWithSecretSchema);
export const notificationAnswer = (description: string) => json(description, notificationSchema);

export const NO_WEBHOOK = { 404: errorAnswer("there is no such webhook") };
export const NO_NOTIFICATION = { 404: errorAnswer("there is no such webhook, or notification of it") };
export const BODY_ERRORS = {
  400: errorAnswer("the body is not JSON"),
  413: errorAnswer("the body is too large"),
};

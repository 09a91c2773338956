/** A webhook, or a change of one, as somebody gives it: where its URL leads is told together with what else is wrong. */

import type { z } from "@hono/zod-openapi";
import { AppError } from "../core/error.ts";
import { checked, complaintsOf } from "./checked.ts";
import { refused } from "./errors.ts";
import type { ApiPorts } from "./ports.ts";
import { isObject } from "./spec-input.ts";

/** @throws AppError `invalid_input` with all that is wrong */
export async function checkedWebhook<T extends z.ZodType>(
  { webhookKeeper }: Pick<ApiPorts, "webhookKeeper">,
  schema: T,
  part: unknown,
): Promise<z.output<T>> {
  const complaints = complaintsOf(schema, part);
  const isOfUrl = complaints.some(({ path: [field] }) => field === "url");
  // What is right by itself has its URL looked at as a whole, where it is put.
  if (complaints.length === 0 || isOfUrl || !isObject(part) || typeof part.url !== "string")
    return checked(schema, part, null);
  const message = await webhookKeeper.targetComplaint(part.url).catch(notNow);
  throw refused(message === null ? complaints : [...complaints, { path: ["url"], message }], null);
}

/** That nobody can tell right now is said once all else is right. */
function notNow(error: unknown): null {
  if (error instanceof AppError && error.code === "unavailable") return null;
  throw error;
}

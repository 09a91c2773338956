/** What a call of a hook says, in words that are the same for all senders. It is to be verified before. */

import { dedupeId } from "../core/hook/dedupe.ts";
import type { Json } from "../core/hook/delivery.ts";
import type { HookOptions } from "../core/hook/spec.ts";
import {
  DELIVERY_HEADER_MAX_CHARS,
  DELIVERY_HEADERS_MAX_COUNT,
  DELIVERY_ID_MAX_CHARS,
} from "../core/limits.ts";
import { hexOf, joined, utf8Bytes } from "./encodings.ts";
import { formPayload } from "./form.ts";
import { notUnderstood } from "./not-understood.ts";
import type { ReadDelivery, Sender } from "./sender.ts";
import { SENDERS } from "./senders.ts";

export const readDelivery: ReadDelivery = async (source, options, headers, rawBody) => {
  const sender = SENDERS[source];
  const payload = payloadOf(headers, rawBody);
  if ("complaint" in payload) return payload;
  const { json } = payload;
  if (source !== "generic" && (typeof json !== "object" || json === null || Array.isArray(json)))
    return { complaint: `the body must be a JSON object, as ${source} sends it` };
  const message = sender.read(headers, json, options);
  if ("complaint" in message) return message;
  const { deliveryId, idPart, ...told } = message;
  const kept = keptHeaders(sender, headers, options);
  let id = deliveryId;
  if (options.dedupe !== null && "expression" in options.dedupe) {
    const made = dedupeId(options.dedupe.expression, { ...told, payload: json, headers: kept });
    if ("complaint" in made) return { complaint: `dedupe.expression ${made.complaint}` };
    id = made.id;
  }
  const missed = told.changes.length > 0 ? null : notUnderstood(source, told.event, json);
  const delivery = { ...told, payload: json, headers: kept, ...(missed !== null && { missed }) };
  return { ...delivery, deliveryId: await idOf(id, idPart ?? "", rawBody) };
};

function payloadOf(headers: Headers, rawBody: Uint8Array): { json: Json } | { complaint: string } {
  try {
    const text =
      formPayload(headers, rawBody) ??
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(rawBody);
    return { json: JSON.parse(text) as Json };
  } catch {
    return { complaint: "the body must be JSON in UTF-8, or a form whose field payload is" };
  }
}

/** One that is not told, or too long to be kept, is made of the bytes that are the same when it is sent again. */
async function idOf(id: string | null, part: string, rawBody: Uint8Array): Promise<string> {
  if (id === null || id.trim() === "") return `sha256:${await sha256(utf8Bytes(part), rawBody)}`;
  return id.length <= DELIVERY_ID_MAX_CHARS ? id : `sha256:${await sha256(utf8Bytes(id))}`;
}

async function sha256(...parts: Uint8Array[]): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", joined(parts))));
}

function keptHeaders(sender: Sender, headers: Headers, options: HookOptions): Record<string, string> {
  const kept: [string, string][] = [];
  for (const [name, value] of headers)
    if (
      (name === "content-type" || name === "user-agent" || sender.isKept(name, options)) &&
      kept.length < DELIVERY_HEADERS_MAX_COUNT
    )
      kept.push([name, value.slice(0, DELIVERY_HEADER_MAX_CHARS)]);
  return Object.fromEntries(kept);
}

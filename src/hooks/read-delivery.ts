/** What a call of a hook says. It is to be verified before. */

import { type Change, namesOf } from "../core/hook/change.ts";
import { dedupeId } from "../core/hook/dedupe.ts";
import type { Json } from "../core/hook/delivery.ts";
import {
  DELIVERY_HEADER_MAX_CHARS,
  DELIVERY_HEADERS_MAX_COUNT,
  DELIVERY_ID_MAX_CHARS,
  DELIVERY_TEXT_MAX_CHARS,
} from "../core/limits.ts";
import { cutText } from "../core/utf8.ts";
import type { Senders } from "../flow/ports/hooks.ts";
import { sha256 } from "../flow/sha256.ts";
import { joined, utf8Bytes } from "./encodings.ts";
import { formPayload } from "./form.ts";
import { mayBeOfFork } from "./may-be-of-fork.ts";
import { notUnderstood } from "./not-understood.ts";
import { isOfPullRequest } from "./of-pull-request.ts";
import type { Sender } from "./sender.ts";
import { SENDERS } from "./senders.ts";

export const readDelivery: Senders["read"] = async (
  source,
  options,
  headers,
  rawBody,
  rules = { filter: {}, map: {} },
) => {
  const sender = SENDERS[source];
  const payload = payloadOf(sender, rawBody);
  if ("complaint" in payload) return payload;
  const { json } = payload;
  if (source !== "generic" && (typeof json !== "object" || json === null || Array.isArray(json)))
    return { complaint: `the body must be a JSON object, as ${source} sends it` };
  const message = sender.read(headers, json, options);
  if ("complaint" in message) return message;
  const { deliveryId, idPart, ...whole } = message;
  const complaint = nameComplaint(whole.changes);
  if (complaint !== null) return { complaint };
  const told = { ...whole, event: cutText(whole.event, DELIVERY_TEXT_MAX_CHARS), action: cutAction(whole) };
  const kept = keptHeaders(sender.kept(options, rules), headers);
  let id = deliveryId;
  if (options.dedupe !== null && "expression" in options.dedupe) {
    const made = dedupeId(options.dedupe.expression, { ...told, payload: json, headers: kept });
    if ("complaint" in made) return { complaint: `dedupe.expression ${made.complaint}` };
    id = made.id;
  }
  const missed = told.changes.length > 0 ? null : notUnderstood(source, told.event, json);
  const delivery = {
    source,
    ...told,
    payload: json,
    headers: kept,
    ...(isOfPullRequest(source, told.event, json) && { isOfPullRequest: true as const }),
    ...(told.changes.length === 0 && mayBeOfFork(source, told.event, json) && { mayBeOfFork: true as const }),
    ...(missed !== null && { missed }),
  };
  return { ...delivery, deliveryId: await idOf(id, idPart ?? "", rawBody) };
};

function payloadOf(sender: Sender, rawBody: Uint8Array): { json: Json } | { complaint: string } {
  try {
    const text =
      (sender.sendsForms ? formPayload(rawBody) : null) ??
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(rawBody);
    return { json: JSON.parse(text) as Json };
  } catch {
    const orForm = sender.sendsForms ? ", or a form whose only field, payload, is" : "";
    return { complaint: `the body must be JSON in UTF-8${orForm}` };
  }
}

/** Cut, a name would be another one's; none that Git or a sender takes is so long. */
function nameComplaint(changes: readonly Change[]): string | null {
  const long = changes.flatMap(namesOf).find((name) => name.length > DELIVERY_TEXT_MAX_CHARS);
  return long === undefined
    ? null
    : `it names a repository, branch or tag by ${long.length} characters; a name can have ${DELIVERY_TEXT_MAX_CHARS}`;
}

function cutAction({ action }: { action: string | null }): string | null {
  return action === null ? null : cutText(action, DELIVERY_TEXT_MAX_CHARS);
}

/** Steps of a path, which browsers take out of it: no page and no call would find a delivery of such a name. */
const STEPS_OF_PATHS = new Set([".", ".."]);

/** One that is not told, too long to be kept, or no name in a path is made of the bytes that are the same when it is sent again. */
async function idOf(id: string | null, part: string, rawBody: Uint8Array): Promise<string> {
  if (id === null || id.trim() === "") return `sha256:${await sha256(joined([utf8Bytes(part), rawBody]))}`;
  const isKept = id.length <= DELIVERY_ID_MAX_CHARS && !STEPS_OF_PATHS.has(id);
  return isKept ? id : `sha256:${await sha256(utf8Bytes(id))}`;
}

function keptHeaders(isKept: (header: string) => boolean, headers: Headers): Record<string, string> {
  const kept: [string, string][] = [];
  for (const [name, value] of headers)
    if (
      (name === "content-type" || name === "user-agent" || isKept(name)) &&
      kept.length < DELIVERY_HEADERS_MAX_COUNT
    )
      kept.push([name, value.slice(0, DELIVERY_HEADER_MAX_CHARS)]);
  return Object.fromEntries(kept);
}

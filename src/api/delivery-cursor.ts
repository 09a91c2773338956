/** Where a page of deliveries ends, as text: a row's time, and its id behind it where others came in the same millisecond. */

import { z } from "@hono/zod-openapi";
import type { DeliveryPlace } from "../flow/ports/hooks.ts";
import { rfc3339 } from "./run-body.ts";
import { instant, instantMs } from "./schema-parts.ts";

const CURSOR =
  'must be the next_cursor of the page before, or an RFC 3339 time, such as "2026-11-21T10:00:00Z"';

/** A cursor in a request: `time/id`, or a time alone. */
export const deliveryCursor = z
  .string(CURSOR)
  .refine((text) => instant.safeParse(parts(text)[0]).success, CURSOR)
  .openapi({ description: "only rows that are older: the next_cursor of the page before, or a time" });

/** The row that a checked {@link deliveryCursor} names. No id comes before the empty one. */
export function placeOfDelivery(text: string): DeliveryPlace {
  const [time, id] = parts(text);
  return { receivedAt: instantMs(time), id };
}

export function cursorOfDelivery({ receivedAt, id }: DeliveryPlace): string {
  return `${rfc3339(receivedAt)}/${id}`;
}

function parts(text: string): [time: string, id: string] {
  const [time = "", ...id] = text.split("/");
  return [time, id.join("/")];
}

/** Stripe. https://docs.stripe.com/webhooks (Verify webhook signatures manually) and https://docs.stripe.com/api/events/object. */

import { hexBytes, utf8Bytes } from "../encodings.ts";
import { textAt } from "../payload.ts";
import type { Sender } from "../sender.ts";

export const stripe: Sender = {
  claim(headers, rawBody) {
    // "t=1492774577,v1=5257a8…,v1=…,v0=…": while a secret changes there are two of v1.
    const parts = (headers.get("stripe-signature") ?? "").split(",").map((part) => part.trim());
    const timestamp = parts.find((part) => part.startsWith("t="))?.slice("t=".length) ?? "";
    return {
      algorithm: "sha256",
      signed: [utf8Bytes(`${timestamp}.`), rawBody],
      signatures: parts
        .map((part) => (part.startsWith("v1=") ? hexBytes(part.slice("v1=".length)) : null))
        .filter((each) => each !== null),
      keyOf: utf8Bytes,
      signedAtS: /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN,
    };
  },

  read(_headers, payload) {
    const event = textAt(payload, "type");
    const deliveryId = textAt(payload, "id");
    if (event === null || deliveryId === null)
      return { complaint: "the body must be an event of Stripe, with its id and type" };
    return { deliveryId, event, action: null, changes: [], isPing: false };
  },

  kept: () => () => false,
};

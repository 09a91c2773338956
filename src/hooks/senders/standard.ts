/** Whoever sends Standard Webhooks: https://www.standardwebhooks.com. */

import { textAt } from "../payload.ts";
import type { Sender } from "../sender.ts";
import { standardClaim, standardHeader } from "../standard-claim.ts";

export const standard: Sender = {
  claim: standardClaim,

  read: (headers, payload) => ({
    deliveryId: standardHeader(headers, "id"),
    // The standard recommends a type, "user.created", and does not ask for it.
    event: textAt(payload, "type") ?? "message",
    action: null,
    changes: [],
    isPing: false,
  }),

  kept: () => (header) => /^(webhook|svix)-(id|timestamp)$/.test(header),
};

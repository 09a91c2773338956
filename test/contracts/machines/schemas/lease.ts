/** Lease, in the envelope that the wire puts it in and the document does not have. */

import { z } from "zod";

export const lease = z.strictObject({
  nonce: z.string().min(1),
  /** Unix seconds. */
  expires_at: z.int(),
  owner: z.string(),
  description: z.string().optional(),
  /** The Machine's, not the lease's. */
  version: z.string(),
});

export const leaseReply = z.strictObject({ status: z.literal("success"), data: lease });

export const leaseReleased = z.strictObject({
  status: z.literal("success"),
  data: z.strictObject({ ok: z.literal(true) }),
});

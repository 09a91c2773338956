/** Bodies of refusals: the ordinary one, and the one of leases. */

import { z } from "zod";

/** ErrorResponse and main.statusCode. The last two codes are of the document of 2026. */
export const errorResponse = z.strictObject({
  error: z.string().min(1),
  status: z.enum(["unknown", "insufficient_capacity", "name_taken", "volume_placement_capacity"]).optional(),
  details: z.unknown().optional(),
});

/** What the document does not have: calls that meet somebody's lease are refused with this. */
export const leaseError = z.strictObject({
  status: z.literal("error"),
  message: z.string().min(1),
  code: z.string(),
});

/** App secrets of the document of 2026; the first one has none. */

import { z } from "zod";
import { time } from "./parts.ts";

export const secret = z.strictObject({
  name: z.string(),
  digest: z.string(),
  created_at: time,
  updated_at: time,
  /** Only with `show_secrets`. */
  value: z.string().optional(),
});

export const secretList = z.strictObject({ secrets: z.array(secret) });

const version = z.int().nonnegative();
/** That its answer has more than the version is not documented. */
export const secretSet = secret.partial().extend({ version, Version: version.optional() });
/** fly-go also reads `Version`. */
export const secretsSet = secretList.extend({ version, Version: version.optional() });
export const secretDeleted = z.strictObject({ version, Version: version.optional() });

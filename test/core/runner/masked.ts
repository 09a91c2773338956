/** Secrets as a Machine is given them, with a pad of chance. */

import { randomBytes } from "node:crypto";
import { type MaskedSecrets, secretsContent } from "../../../src/core/secret-giving.ts";

export function masked(...variables: [string, string][]): MaskedSecrets {
  const content = secretsContent(variables);
  const pad = Uint8Array.from(randomBytes(content.length));
  return {
    padName: randomBytes(4).toString("hex"),
    pad,
    masked: content.map((byte, index) => byte ^ (pad[index] as number)),
  };
}

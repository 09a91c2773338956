/** The claim of senders that sign the body as it is: an HMAC of it under the secret's bytes, after a prefix in one header. */

import { hexBytes, utf8Bytes } from "./encodings.ts";
import type { Claim } from "./sender.ts";

export function bodyClaim(
  header: string | null,
  signed: Uint8Array,
  {
    prefix = "",
    algorithm = "sha256",
    decode = hexBytes,
  }: Partial<{ prefix: string; algorithm: Claim["algorithm"]; decode: typeof hexBytes }> = {},
): Claim {
  const signature = header?.startsWith(prefix) ? decode(header.slice(prefix.length).trim()) : null;
  return {
    algorithm,
    signed: [signed],
    signatures: signature === null ? [] : [signature],
    keyOf: utf8Bytes,
    signedAtS: null,
  };
}

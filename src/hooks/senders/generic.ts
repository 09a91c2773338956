/** Whoever signs the body by HMAC, and says in what header and how. */

import { bodyClaim } from "../body-claim.ts";
import { base64Bytes, hexBytes } from "../encodings.ts";
import type { Sender } from "../sender.ts";
import { standardHeader } from "../standard-claim.ts";

/** Names of headers that are, or may be, somebody's secret, and those that the way here has added. */
const NOT_KEPT =
  /auth|cookie|token|secret|signature|password|passwd|hmac|digest|api-?key|private|session|credential|^(cf|x-forwarded|sec|accept|if)-|^(accept|host|connection|via|forwarded|x-real-ip|true-client-ip|content-length|transfer-encoding|cdn-loop|upgrade|te)$/;

export const generic: Sender = {
  claim(headers, rawBody, { signature }) {
    const { header, algorithm, encoding, prefix } = signature ?? {
      header: "x-signature",
      algorithm: "sha256",
      encoding: "hex",
      prefix: "",
    };
    const decode = encoding === "hex" ? hexBytes : base64Bytes;
    return bodyClaim(headers.get(header), rawBody, { prefix, algorithm, decode });
  },

  read: (headers, _payload, { dedupe }) => ({
    deliveryId:
      dedupe !== null && "header" in dedupe
        ? headers.get(dedupe.header)
        : dedupe === null
          ? idOf(headers)
          : null,
    event: "call",
    action: null,
    changes: [],
    isPing: false,
  }),

  isKept(header, { signature, dedupe }) {
    if (header === signature?.header.toLowerCase()) return false;
    if (dedupe !== null && "header" in dedupe && header === dedupe.header.toLowerCase()) return true;
    return !NOT_KEPT.test(header);
  },
};

/** What many name a call by, the same where it is repeated. X-Request-Id is none: what is in between makes another for each call. */
function idOf(headers: Headers): string | null {
  return headers.get("idempotency-key") || standardHeader(headers, "id");
}

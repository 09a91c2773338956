/** Whoever signs the body by HMAC, and says in what header and how. */

import { namedHeaders } from "../../core/hook/expression/named-headers.ts";
import { isSecretHeader } from "../../core/hook/secret-header.ts";
import { bodyClaim } from "../body-claim.ts";
import { base64Bytes, hexBytes } from "../encodings.ts";
import type { Sender } from "../sender.ts";

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
    deliveryId: dedupe !== null && "header" in dedupe ? headers.get(dedupe.header) : null,
    event: "call",
    action: null,
    changes: [],
    isPing: false,
  }),

  // Nobody knows what others are for: some of them are secrets, by whatever name.
  kept({ signature, dedupe }, { filter, map }) {
    const named = namedHeaders(filter, map, dedupe);
    return (header) =>
      named.has(header) && header !== signature?.header.toLowerCase() && !isSecretHeader(header);
  },
};

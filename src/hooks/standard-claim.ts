/**
 * The claim of Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks, spec, "Signature scheme"), which GitLab makes, too.
 * Their library signs and checks texts by the clock of the platform, and this takes bytes and a time; the tests sign with that library.
 */

import { base64Bytes, utf8Bytes } from "./encodings.ts";
import type { Claim } from "./sender.ts";

/** Begins the secrets that are base64 of a key. */
export const SIGNING_SECRET = "whsec_";

/** Svix, where the standard comes from, has names of its own for the same headers. */
export function standardHeader(headers: Headers, name: "id" | "timestamp" | "signature"): string | null {
  return headers.get(`webhook-${name}`) ?? headers.get(`svix-${name}`);
}

export function standardClaim(headers: Headers, rawBody: Uint8Array): Claim {
  const id = standardHeader(headers, "id");
  const timestamp = standardHeader(headers, "timestamp");
  return {
    algorithm: "sha256",
    signed: [utf8Bytes(`${id ?? ""}.${timestamp ?? ""}.`), rawBody],
    signatures: id === null || id === "" ? [] : signaturesIn(standardHeader(headers, "signature") ?? ""),
    keyOf: keyOfSigningSecret,
    signedAtS: /^\d{1,12}$/.test(timestamp ?? "") ? Number(timestamp) : Number.NaN,
  };
}

/** Those of version 1, the symmetric ones: "v1,<base64> v1a,… v1,…". While a secret changes there are two. */
function signaturesIn(header: string): Uint8Array[] {
  return header
    .split(" ")
    .map((each) => (each.startsWith("v1,") ? base64Bytes(each.slice("v1,".length)) : null))
    .filter((each) => each !== null);
}

function keyOfSigningSecret(secret: string): Uint8Array {
  const encoded = secret.startsWith(SIGNING_SECRET) ? secret.slice(SIGNING_SECRET.length) : secret;
  return base64Bytes(encoded) ?? utf8Bytes(secret);
}

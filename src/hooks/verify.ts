/** Whether a delivery was sent by whoever knows the hook's secret. */

import { HOOK_SECRETS_MAX, HOOK_TIME_TOLERANCE_S } from "../core/limits.ts";
import type { Senders } from "../flow/ports/hooks.ts";
import { joined, utf8Bytes } from "./encodings.ts";
import type { Claim } from "./sender.ts";
import { SENDERS } from "./senders.ts";

const HASHES = { sha1: "SHA-1", sha256: "SHA-256", sha512: "SHA-512" } as const;

/** In place of secrets that are not there; what it would sign never counts. */
const NOBODYS = "nobody has this secret";

export const verify: Senders["verify"] = async (source, options, headers, rawBody, secrets, nowMs) => {
  const claim = SENDERS[source].claim(headers, rawBody, options);
  const signed = joined(claim.signed);
  const tried = Math.max(secrets.length, HOOK_SECRETS_MAX);
  let isProved = false;
  // Each is tried, also after one fits, and as many as a hook can have, also where it has none: the time tells nothing.
  for (let i = 0; i < tried; i++) {
    const secret = secrets[i] ?? "";
    const fits = await isOf(secret === "" ? NOBODYS : secret, claim, signed);
    if (fits && secret !== "") isProved = true;
  }
  const isInTime =
    claim.signedAtS === null || Math.abs(nowMs / 1000 - claim.signedAtS) <= HOOK_TIME_TOLERANCE_S;
  return isProved && isInTime;
};

async function isOf(secret: string, claim: Claim, signed: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const mac = await hmac(claim.algorithm, claim.keyOf(secret), signed);
  let isSigned = false;
  for (const signature of claim.signatures) if (isSame(mac, signature)) isSigned = true;
  if (claim.token === undefined) return isSigned;
  const isShown = await isSameText(claim.token.shown ?? "", secret);
  return claim.token.isShown(secret) ? isShown : isSigned;
}

/** Texts of any length, by what a key that is drawn anew makes of them: neither length nor first difference shows in the time. */
async function isSameText(one: string, other: string): Promise<boolean> {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const [a, b] = [await hmac("sha256", key, utf8Bytes(one)), await hmac("sha256", key, utf8Bytes(other))];
  return isSame(a, b);
}

async function hmac(
  algorithm: Claim["algorithm"],
  key: Uint8Array,
  signed: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  // Web Crypto takes no key of no bytes, which HMAC pads with zeros anyway.
  const raw = key.length === 0 ? new Uint8Array(1) : new Uint8Array(key);
  const hash = HASHES[algorithm];
  const imported = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, signed));
}

/** Looks at every byte whatever it finds. That a signature has another length is no secret. */
function isSame(mac: Uint8Array, signature: Uint8Array): boolean {
  let difference = mac.length ^ signature.length;
  for (let i = 0; i < mac.length; i++) difference |= (mac[i] ?? 0) ^ (signature[i] ?? 0);
  return difference === 0;
}

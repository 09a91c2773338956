/**
 * Signing a browser in. A session cookie and a sign-in link are both a purpose and an expiry under an HMAC (RFC 2104)
 * whose key derives from the deployment's secrets (HKDF, RFC 5869): nothing is stored, and a link never holds the token.
 */

import { hexOf } from "../core/hex.ts";
import { SESSION_MS, SIGN_IN_LINK_MS } from "../core/limits.ts";

type Purpose = "session" | "sign-in";

const LIFETIME_MS: Record<Purpose, number> = { session: SESSION_MS, "sign-in": SIGN_IN_LINK_MS };
const utf8 = new TextEncoder();

/** Makes and checks signed texts of the form `<expiry>.<signature>`. */
export interface Sessions {
  issue(purpose: Purpose, nowMs: number): Promise<{ text: string; expiresAt: number }>;
  isValid(purpose: Purpose, text: string, nowMs: number): Promise<boolean>;
}

/** @param secrets the encryption key and the API token: changing either signs everybody out */
export function createSessions(secrets: { encryptionKey: string; token: string }): Sessions {
  let key: Promise<CryptoKey> | null = null;
  const signingKey = () => {
    key ??= deriveKey(secrets);
    return key;
  };
  return {
    async issue(purpose, nowMs) {
      const expiresAt = nowMs + LIFETIME_MS[purpose];
      const signature = await crypto.subtle.sign(
        "HMAC",
        await signingKey(),
        utf8.encode(`${purpose}.${expiresAt}`),
      );
      return { text: `${expiresAt}.${hexOf(new Uint8Array(signature))}`, expiresAt };
    },
    async isValid(purpose, text, nowMs) {
      const match = /^(\d{1,15})\.([0-9a-f]{64})$/.exec(text);
      if (!match?.[1] || !match[2] || Number(match[1]) <= nowMs) return false;
      return crypto.subtle.verify(
        "HMAC",
        await signingKey(),
        unhex(match[2]),
        utf8.encode(`${purpose}.${match[1]}`),
      );
    },
  };
}

async function deriveKey({
  encryptionKey,
  token,
}: {
  encryptionKey: string;
  token: string;
}): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", utf8.encode(encryptionKey), "HKDF", false, ["deriveKey"]);
  const hkdf = {
    name: "HKDF",
    hash: "SHA-256",
    salt: utf8.encode(token),
    info: utf8.encode("mayfly sessions"),
  };
  return crypto.subtle.deriveKey(hkdf, base, { name: "HMAC", hash: "SHA-256", length: 256 }, false, [
    "sign",
    "verify",
  ]);
}

function unhex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/**
 * The keys that secrets are encrypted with: AES-256-GCM, each key derived from one of the deployment's (HKDF, RFC 5869). What is
 * stored names its key, so that keys can be replaced while secrets are in use.
 */

import { hexOf } from "../core/hex.ts";

/** A stored text, and whose it is: what belongs to one secret can not be read as another's. */
export interface Sealed {
  keyId: string;
  iv: Uint8Array<ArrayBuffer>;
  ciphertext: Uint8Array<ArrayBuffer>;
}

export interface Keyring {
  /** Names of the keys that only open. */
  oldIds(): Promise<string[]>;
  seal(bytes: Uint8Array<ArrayBuffer>, owner: string): Promise<Sealed>;
  /** Null where no key opens it, or it belongs to another owner, or it was changed. */
  open(sealed: Sealed, owner: string): Promise<Uint8Array<ArrayBuffer> | null>;
}

const utf8 = new TextEncoder();
/** Of AES-GCM, as NIST SP 800-38D recommends it. */
const IV_BYTES = 12;
const ID_BITS = 64;

interface Key {
  id: string;
  key: CryptoKey;
}

/**
 * @param current the deployment's key, base64 of 32 bytes: what is sealed from now on
 * @param old keys of before, which only open
 */
export function createKeyring(current: string, old: string[]): Keyring {
  let derived: Promise<[Key, ...Key[]]> | null = null;
  const keys = () => {
    derived ??= Promise.all([derive(current), ...old.map(derive)]);
    return derived;
  };
  return {
    async oldIds() {
      const [current, ...others] = await keys();
      return others.map(({ id }) => id).filter((id) => id !== current.id);
    },
    async seal(bytes, owner) {
      const [{ id, key }] = await keys();
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const ciphertext = await crypto.subtle.encrypt(algorithm(iv, owner), key, bytes);
      return { keyId: id, iv, ciphertext: new Uint8Array(ciphertext) };
    },
    async open({ keyId, iv, ciphertext }, owner) {
      const known = (await keys()).find(({ id }) => id === keyId);
      if (known === undefined) return null;
      try {
        return new Uint8Array(await crypto.subtle.decrypt(algorithm(iv, owner), known.key, ciphertext));
      } catch {
        return null;
      }
    },
  };
}

function algorithm(iv: Uint8Array<ArrayBuffer>, owner: string) {
  return { name: "AES-GCM", iv, additionalData: utf8.encode(owner) };
}

async function derive(text: string): Promise<Key> {
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const base = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveKey", "deriveBits"]);
  const hkdf = (info: string) => ({
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(),
    info: utf8.encode(info),
  });
  const [key, id] = await Promise.all([
    crypto.subtle.deriveKey(hkdf("mayfly secrets"), base, { name: "AES-GCM", length: 256 }, false, [
      "encrypt",
      "decrypt",
    ]),
    crypto.subtle.deriveBits(hkdf("mayfly secrets: name of the key"), base, ID_BITS),
  ]);
  return { key, id: hexOf(new Uint8Array(id)) };
}

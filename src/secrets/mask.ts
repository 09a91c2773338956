/**
 * A pad for what a Machine is given (`core/secret-giving.ts`). Whoever asks again for the same attempt gets the same one, as the
 * half of it that is in the Machine can not be changed. It derives from seeds that stand encrypted beside the values, so
 * it can be told from chance by nobody who can not read those anyway.
 */

import { hexOf } from "../core/hex.ts";
import type { MaskedSecrets } from "../core/secret-giving.ts";

const utf8 = new TextEncoder();
/** Of the stream behind the pad, which masks nothing. */
const NAME_BYTES = 8;

/** @param seeds of all the secrets, in the order of the content */
export async function mask(
  content: Uint8Array<ArrayBuffer>,
  seeds: Uint8Array[],
  machineName: string,
): Promise<MaskedSecrets> {
  const together = Uint8Array.from(seeds.flatMap((seed) => [...seed]));
  const base = await crypto.subtle.importKey("raw", together, "HKDF", false, ["deriveKey"]);
  const hkdf = {
    name: "HKDF",
    hash: "SHA-256",
    salt: utf8.encode(machineName),
    info: utf8.encode("mayfly pad"),
  };
  const key = await crypto.subtle.deriveKey(hkdf, base, { name: "AES-CTR", length: 256 }, false, ["encrypt"]);
  // The key is for this one stream, so the counter can begin at 0.
  const stream = { name: "AES-CTR", counter: new Uint8Array(16), length: 64 };
  const encrypt = async (bytes: Uint8Array<ArrayBuffer>) =>
    new Uint8Array(await crypto.subtle.encrypt(stream, key, bytes));
  const all = await encrypt(new Uint8Array(content.length + NAME_BYTES));
  const padName = hexOf(all.subarray(content.length));
  return { pad: all.subarray(0, content.length), padName, masked: await encrypt(content) };
}

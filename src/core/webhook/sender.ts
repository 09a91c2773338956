/** Who an e-mail is from, as its providers take it: an address alone, or with a name before it. */

import { EMAIL_ADDRESS_MAX_CHARS, EMAIL_NAME_MAX_CHARS } from "../limits.ts";

/** An address by itself; whether there is such a mailbox its provider knows. */
export const EMAIL_ADDRESS = /^[^\s@<>",;]+@[^\s@<>",;]+$/;

/** `CI <ci@example.com>`, with what of RFC 5322 §3.2.3 a name can have without quotes around it. */
const NAMED_ADDRESS = /^([^\p{Cc}<>()[\]:;@\\,"]*[^\p{Cc}\s<>()[\]:;@\\,"]) *<([^<>]+)>$/u;

export interface EmailSender {
  name: string | null;
  address: string;
}

/** Null of what is no sender. */
export function readSender(text: string): EmailSender | null {
  const [, name = null, address = text] = NAMED_ADDRESS.exec(text) ?? [];
  const isLong = address.length > EMAIL_ADDRESS_MAX_CHARS || (name?.length ?? 0) > EMAIL_NAME_MAX_CHARS;
  return isLong || !EMAIL_ADDRESS.test(address) ? null : { name: name?.trim() ?? null, address };
}

/**
 * A secret as a command prints it, and which of the bytes have to be masked: worked out from what callers are told of redaction, by
 * where the secret is put, without looking for it.
 */

import type { Chance } from "../chance.ts";

export const FORMS = ["plain", "url", "json", "hex", "base64", "base64url", "wrapped base64"] as const;
export type Form = (typeof FORMS)[number];

export interface Printed {
  bytes: Uint8Array;
  /** Places of which nothing may be shown, from the first up to the last, which is not among them. */
  secret: [from: number, to: number][];
}

/** What stands before a secret in what is encoded together with it. */
const BEFORE = ["", "u", "us", "user:"] as const;
const AFTER = ["", "\n", "@host"] as const;
/** `base64` and others break their lines. */
const LINE = 19;

export interface Print {
  /** The variable that has it. */
  variable: string;
  form: Form;
  before: string;
  after: string;
}

export function aPrint(chance: Chance, variable: string): Print {
  return {
    variable,
    form: chance.pick("form of the secret", FORMS),
    before: chance.pick("before the secret", BEFORE),
    after: chance.pick("after the secret", AFTER),
  };
}

export function printed(value: string, { form, before, after }: Print): Printed {
  switch (form) {
    case "plain":
      return between(before, value, after);
    case "url":
      return between(`${before}?q=`, encodeURIComponent(value), `&${after}`);
    case "json":
      return between(`${before}"`, JSON.stringify(value).slice(1, -1), `"${after}`);
    case "hex":
      return between(`${before} `, Buffer.from(value).toString("hex"), `\n${after}`);
    default:
      return inBase64(value, before, after, form);
  }
}

function between(before: string, text: string, after: string): Printed {
  const from = Buffer.byteLength(before);
  return { bytes: Buffer.from(before + text + after), secret: [[from, from + Buffer.byteLength(text)]] };
}

/** Of the first and the last character some bits are of what stands around it; those two can not be told from others. */
function inBase64(value: string, before: string, after: string, form: Form): Printed {
  const text = Buffer.from(before + value + after).toString(form === "base64url" ? "base64url" : "base64");
  const bits = 8 * Buffer.byteLength(before);
  const from = Math.ceil(bits / 6);
  const to = Math.floor((bits + 8 * Buffer.byteLength(value)) / 6);
  if (form !== "wrapped base64") return { bytes: Buffer.from(text), secret: [[from, to]] };
  const secret: [number, number][] = [];
  for (let at = from; at < to; at++) {
    const place = at + Math.floor(at / LINE);
    secret.push([place, place + 1]);
  }
  return { bytes: Buffer.from(text.replace(new RegExp(`.{${LINE}}`, "g"), "$&\n")), secret };
}

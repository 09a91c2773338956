/**
 * The forms in which a secret can stand in output, as the bytes to look for: as it is, in base64 wherever in a longer text it
 * stood, URL-encoded, as a JSON string and in hex. A long form is cut into pieces (`SECRET_PIECE_BYTES`), each of which is looked for.
 *
 * Not found are: the two to five bits that the first and the last character of base64 share with what stood before and after
 * the secret, other encodings, and a secret that a command has changed.
 */

import { BASE64 } from "./base64.ts";
import { SECRET_LINE_REDACTED_MIN_BYTES, SECRET_PIECE_BYTES, SECRET_REDACTED_MIN_BYTES } from "./limits.ts";
import { utf8 } from "./utf8.ts";

export interface SecretForms {
  /** Looked for as they are. */
  plain: string[];
  /** Looked for over line breaks, too, which `base64` and `xxd` put in. */
  wrapped: string[];
}

/** True where a secret is long enough to be looked for. */
export function isRedacted(value: string): boolean {
  return utf8(value).length >= SECRET_REDACTED_MIN_BYTES;
}

/** What to look for, each a text of bytes (a character for a byte), no two the same, none longer than a piece. */
export function formsOf(values: string[]): SecretForms {
  const plain = new Set<string>();
  const wrapped = new Set<string>();
  const looked = values.filter(isRedacted);
  // Many a secret comes out of a file, with a line feed at its end that whoever uses it takes away.
  const trimmed = looked.map((value) => value.trim()).filter(isRedacted);
  for (const value of new Set([...looked, ...trimmed])) {
    const bytes = utf8(value);
    for (const form of [text(bytes), ...urlForms(bytes), ...jsonForms(value)]) addPieces(plain, form);
    for (const form of base64Forms(bytes)) {
      addPieces(wrapped, form);
      for (const [plus, slash] of [
        ["%2B", "%2F"],
        ["%2b", "%2f"],
      ] as const)
        addPieces(plain, form.replaceAll("+", plus).replaceAll("/", slash));
    }
    for (const form of hexForms(bytes)) addPieces(wrapped, form);
    for (const line of linesOf(value)) addPieces(plain, text(utf8(line)));
  }
  return { plain: [...plain], wrapped: [...wrapped] };
}

function addPieces(forms: Set<string>, form: string): void {
  if (form.length <= SECRET_PIECE_BYTES) {
    if (form.length >= SECRET_REDACTED_MIN_BYTES) forms.add(form);
    return;
  }
  for (let from = 0; from + SECRET_PIECE_BYTES <= form.length; from += SECRET_PIECE_BYTES)
    forms.add(form.slice(from, from + SECRET_PIECE_BYTES));
  forms.add(form.slice(-SECRET_PIECE_BYTES));
}

function text(bytes: number[]): string {
  return bytes.map((byte) => String.fromCharCode(byte)).join("");
}

/** A key of several lines is often printed with something before each. */
function linesOf(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  return lines.length < 2 ? [] : lines.filter((line) => utf8(line).length >= SECRET_LINE_REDACTED_MIN_BYTES);
}

/**
 * Without its quotes, as writers of JSON differ in what they escape beyond need (RFC 8259 §7): PHP the slash, Go what HTML would
 * take for its own, Python and others whatever is not ASCII.
 */
function jsonForms(value: string): string[] {
  const least = JSON.stringify(value).slice(1, -1);
  const slashes = [least, least.replaceAll("/", "\\/")];
  const html = slashes.flatMap((form) => [form, form.replaceAll(/[<>&]/g, escapedInLower)]);
  const ascii = html.flatMap((form) => [
    form,
    form.replaceAll(NOT_ASCII, escapedInLower),
    form.replaceAll(NOT_ASCII, escapedInUpper),
  ]);
  return [...new Set(ascii)].map((form) => text(utf8(form)));
}

/** UTF-16 units, each of which is escaped by itself. */
const NOT_ASCII = /[\u0080-\uffff]/g;

function escapedInLower(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function escapedInUpper(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0").toUpperCase()}`;
}

function hexForms(bytes: number[]): string[] {
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex, hex.toUpperCase()];
}

const UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
/** What encoders leave as it is, besides: RFC 3986, Python's quote, encodeURIComponent, encodeURI, and forms, which have + for a space. */
const LEFT_AS_IS = ["~", "~/", "~!*'()", "~!*'();/?:@&=+$,#", "*"];

function urlForms(bytes: number[]): string[] {
  // Some encode every byte.
  return ["", ...LEFT_AS_IS.map((more) => UNRESERVED + more)].flatMap((left) => {
    const kept = new Set(utf8(left));
    const encode = (space: string, inHex: (digits: string) => string) =>
      bytes
        .map((byte) => {
          if (kept.has(byte)) return String.fromCharCode(byte);
          return byte === 32 ? space : `%${inHex(byte.toString(16).padStart(2, "0"))}`;
        })
        .join("");
    return ["%20", "+"].flatMap((space) => [
      encode(space, (digits) => digits.toUpperCase()),
      encode(space, (digits) => digits),
    ]);
  });
}

/** Bytes behind a secret, and whether the text ends with them, which fills up its last character with zeros. */
const FOLLOWED_BY: [after: number[], isEnd: boolean][] = [
  [[], false],
  [[], true],
  [[10], false],
  [[10], true],
];

/**
 * What of base64 is the same whatever stands around the secret, for each of the three places in a group that it can begin at; and
 * with what mostly follows, which decides one character more: a line feed, or nothing.
 */
function base64Forms(bytes: number[]): string[] {
  const forms: string[] = [];
  for (const before of [0, 1, 2])
    for (const [after, isEnd] of FOLLOWED_BY) {
      const shifted = [...Array<number>(before).fill(0), ...bytes, ...after];
      const sextets = (shifted.length * 8) / 6;
      const from = Math.ceil((before * 8) / 6);
      const to = isEnd ? Math.ceil(sextets) : Math.floor(sextets);
      let form = "";
      for (let index = from; index < to; index++) form += BASE64.charAt(sextet(shifted, index));
      forms.push(form, form.replaceAll("+", "-").replaceAll("/", "_"));
    }
  return forms;
}

/** Six bits of many; what is beyond the end is 0. */
function sextet(bytes: number[], index: number): number {
  const bit = index * 6;
  const pair = ((bytes[bit >> 3] ?? 0) << 8) | (bytes[(bit >> 3) + 1] ?? 0);
  return (pair >> (10 - (bit & 7))) & 63;
}

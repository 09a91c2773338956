/** What a stranger sent, as text that can be looked at: laid out where it is JSON, cut where it is long, and nothing in it unseen. */

import { PAGE_BODY_MAX_CHARS, PAGE_LAID_OUT_MAX_CHARS } from "../../core/limits.ts";
import { laidOut } from "./laid-out.ts";

export interface ShownText {
  text: string;
  /** False where the rest is left out. */
  isWhole: boolean;
}

/** Characters that would not be seen, or have others be read in another order; ends of lines and tabs are seen. */
const UNSEEN = /(?!\r\n)[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** As it is. */
export function rawText(text: string): ShownText {
  return cut(visible(text.slice(0, PAGE_BODY_MAX_CHARS)), text.length <= PAGE_BODY_MAX_CHARS);
}

/** Whether a body is too long to be parsed for a page. */
export function isTooLongToLayOut(body: string): boolean {
  return body.length > PAGE_LAID_OUT_MAX_CHARS;
}

/**
 * JSON by its lines; of a form (as GitHub sends it where it is told to) that in its field `payload`. Null for everything else, and for what
 * is too long to be laid out: it is shown as it came.
 */
export function prettyText(body: string): ShownText | null {
  if (isTooLongToLayOut(body)) return null;
  const value = jsonOf(body) ?? jsonOf(new URLSearchParams(formOf(body)).get("payload") ?? "");
  if (value === null) return null;
  const { text, isWhole } = laidOut(value.json, PAGE_BODY_MAX_CHARS);
  return cut(visible(text), isWhole);
}

function cut(text: string, isWhole: boolean): ShownText {
  return { text: text.slice(0, PAGE_BODY_MAX_CHARS), isWhole: isWhole && text.length <= PAGE_BODY_MAX_CHARS };
}

/** A text with what would not be seen spelt out. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, "0");
    return `\\u${code}`;
  });
}

function jsonOf(text: string): { json: unknown } | null {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return null;
  }
}

function formOf(body: string): string {
  return body.startsWith("payload=") || body.includes("&payload=") ? body : "";
}

/** An API's answer as it is kept: what it shows of the token is masked, in each form in which it was sent. */

import { NOTIFICATION_ANSWER_MAX_BYTES } from "../core/limits.ts";

const MASK = "***";
/** What a character that was cut in the middle, or a mark of the order of bytes at the beginning, can have made it shorter by. */
const CUT_SLACK_BYTES = 3;

/** @param answer the first bytes of it, as text */
export function withoutToken(answer: string, token: string): string {
  const forms = formsOf(token);
  const masked = forms.reduce((text, form) => text.replaceAll(form, MASK), answer);
  const isCut = new TextEncoder().encode(answer).length >= NOTIFICATION_ANSWER_MAX_BYTES - CUT_SLACK_BYTES;
  const begun = isCut ? Math.max(...forms.map((form) => begunAtEnd(masked, form))) : 0;
  return begun === 0 ? masked : masked.slice(0, -begun) + MASK;
}

/** As it is, as HTTP's Basic has a user and a password (`request.ts`), the password alone, and with the slashes that PHP's JSON has. The longest first. */
function formsOf(token: string): string[] {
  const colon = token.indexOf(":");
  const forms = colon < 0 ? [token] : [token, btoa(token), token.slice(colon + 1)];
  const escaped = forms.map((form) => form.replaceAll("/", "\\/"));
  return [...new Set([...forms, ...escaped])]
    .filter((form) => form !== "")
    .toSorted((a, b) => b.length - a.length);
}

/** How many characters at a text's end are the beginning of a form. */
function begunAtEnd(text: string, form: string): number {
  for (let length = Math.min(text.length, form.length - 1); length > 0; length--)
    if (text.endsWith(form.slice(0, length))) return length;
  return 0;
}

/** Looks into JSON that somebody else wrote: what is not there, or is of another type, is null. */

import type { Json } from "../core/hook/delivery.ts";
import { wellFormed } from "../core/utf8.ts";

/** What is at a path of names; null where any of them is missing. Only what the JSON itself has counts: not "constructor". */
export function partAt(value: Json, ...names: string[]): Json {
  let part = value;
  for (const name of names) {
    if (typeof part !== "object" || part === null || Array.isArray(part) || !Object.hasOwn(part, name))
      return null;
    part = part[name] ?? null;
  }
  return part;
}

/** A text that is not empty; half of a character in it becomes U+FFFD. */
export function textAt(value: Json, ...names: string[]): string | null {
  const part = partAt(value, ...names);
  return typeof part === "string" && part !== "" ? wellFormed(part) : null;
}

export function listAt(value: Json, ...names: string[]): readonly Json[] {
  const part = partAt(value, ...names);
  return Array.isArray(part) ? part : [];
}

/** A count, or a number that somebody has given: whole, not below zero, and told exactly. */
export function numberAt(value: Json, ...names: string[]): number | null {
  const part = partAt(value, ...names);
  return typeof part === "number" && Number.isSafeInteger(part) && part >= 0 ? part : null;
}

/** A commit's hash; null for the one of zeros, by which Git says that there is none. */
export function commitAt(value: Json, ...names: string[]): string | null {
  const text = textAt(value, ...names);
  return text !== null && /^[0-9a-f]{7,64}$/.test(text) && !/^0+$/.test(text) ? text : null;
}

/** What of a push is to be built: of an annotated tag `after` is the tag's own hash, and the commit stands beside. */
export function pushedCommitAt(payload: Json, tag: string | null, ...commit: string[]): string | null {
  const after = commitAt(payload, "after");
  return tag === null || after === null ? after : (commitAt(payload, ...commit) ?? after);
}

/** Whether a commit's hash is the one of zeros. */
export function isNoCommitAt(value: Json, ...names: string[]): boolean {
  return /^0+$/.test(textAt(value, ...names) ?? "");
}

/** A repository's address for Git over HTTP, without credentials. */
export function cloneUrlAt(value: Json, ...names: string[]): string | null {
  const text = textAt(value, ...names);
  return text !== null && /^https?:\/\/[^\s/@?#]+\/[^\s@?#]+$/.test(text) ? text : null;
}

/**
 * What is wrong with a field, as its sender reads it: what is accepted, and what came instead. The one place for everything
 * that a schema has no sentence of its own for; those begin likewise, so that the field's path can stand before them.
 */

import type { z } from "zod";

type Issue = Parameters<z.core.$ZodErrorMap>[0];

/** Kinds of JSON values, as `expected` of zod's issues names them. */
export const KINDS: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};
/** Longest text of a caller that is repeated to him. */
const SHOWN_MAX_CHARS = 64;

/** The sentence for an issue whose schema has none. It is a zod error map: see `z.config`. */
export const complaint: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined
        ? `is missing; it must be ${expectedKind(issue)}`
        : `must be ${expectedKind(issue)}, not ${shown(issue.input)}`;
    case "invalid_value":
      return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}, not ${shown(issue.input)}`;
    case "too_small":
      return tooSmall(issue.origin, Number(issue.minimum));
    case "too_big":
      return tooBig(issue.origin, Number(issue.maximum));
    case "unrecognized_keys":
      return knownFields(issue);
    default:
      return "is not accepted";
  }
};

/** A text of a caller, cut where it is long. */
export function clipped(text: string): string {
  const chars = [...text];
  return chars.length <= SHOWN_MAX_CHARS ? text : `${chars.slice(0, SHOWN_MAX_CHARS - 1).join("")}…`;
}

function expectedKind(issue: Issue & { code: "invalid_type" }): string {
  const definition = issue.inst?._zod.def as { format?: string } | undefined;
  return definition?.format === "safeint" ? "a whole number" : (KINDS[issue.expected] ?? issue.expected);
}

function tooSmall(origin: string, least: number): string {
  if (origin === "string") return least === 1 ? "can not be empty" : `must have at least ${least} characters`;
  return origin === "array" ? `must have at least ${counted(least)}` : `must be at least ${least}`;
}

function tooBig(origin: string, most: number): string {
  if (origin === "string") return `can have at most ${most} characters`;
  return origin === "array" ? `can have at most ${counted(most)}` : `can be at most ${most}`;
}

function counted(items: number): string {
  return `${items} item${items === 1 ? "" : "s"}`;
}

/** What there is to say of each that is not known, behind its name: there can be several (`field-complaints.ts`). */
function knownFields(issue: Issue & { code: "unrecognized_keys" }): string {
  const { shape = {} } = (issue.inst?._zod.def ?? {}) as { shape?: object };
  return `known are ${Object.keys(shape).join(", ")}`;
}

/** What came: short texts and numbers as they are, all else by its kind. */
export function shown(input: unknown): string {
  if (input === undefined) return "missing";
  if (input === null || typeof input === "boolean") return String(input);
  if (typeof input === "string")
    return [...input].length <= SHOWN_MAX_CHARS ? JSON.stringify(input) : "this long text";
  if (typeof input === "number") return Number.isFinite(input) ? String(input) : "a number this large";
  return Array.isArray(input) ? "a list" : "an object";
}

/**
 * Concurrency keys: a text whose fields in braces are filled in from the run's own, such as "deploy-{tags.env}". Two braces stand
 * for one.
 */

import { CONCURRENCY_KEY_MAX_CHARS } from "./limits.ts";

/** What a key can be made of. */
export interface KeySource {
  name: string | null;
  image: string;
  tags: Record<string, string>;
}

/** The fields: what is in front of the first dot, and how the rest names the value; null where the run lacks it. */
const FIELDS: Record<string, { shown: string; of(source: KeySource, rest: string): string | null }> = {
  name: { shown: "{name}", of: ({ name }, rest) => (rest === "" ? name : null) },
  image: { shown: "{image}", of: ({ image }, rest) => (rest === "" ? image : null) },
  tags: {
    shown: "{tags.KEY}",
    of: ({ tags }, rest) => (Object.hasOwn(tags, rest) ? (tags[rest] ?? null) : null),
  },
};

const POSSIBLE = Object.values(FIELDS)
  .map(({ shown }) => shown)
  .join(", ");

/** The key of a run, or what is wrong with it. */
export function renderKey(template: string, source: KeySource): { key: string } | { complaint: string } {
  let key = "";
  for (const [part] of template.matchAll(/\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/g)) {
    if (part === "{{" || part === "}}") key += part[0];
    else if (part === "{" || part === "}")
      return { complaint: `has a ${part} without its other half; {{ and }} stand for braces` };
    else if (part.startsWith("{")) {
      const value = filledIn(part.slice(1, -1), source);
      if ("complaint" in value) return value;
      key += value.key;
    } else key += part;
  }
  if (key.trim() === "") return { complaint: "can not be empty" };
  if (key.length > CONCURRENCY_KEY_MAX_CHARS)
    return { complaint: `can be at most ${CONCURRENCY_KEY_MAX_CHARS} characters with its fields filled in` };
  if (HAS_CONTROL.test(key)) return { complaint: "can not contain control characters" };
  return { key };
}

/** The template that gives this very text. */
export function literalKey(key: string): string {
  return key.replaceAll(/[{}]/g, (brace) => brace + brace);
}

const HAS_CONTROL = /\p{Cc}/u;

function filledIn(field: string, source: KeySource): { key: string } | { complaint: string } {
  const [, name = "", rest = ""] = /^([^.]*)\.?(.*)$/s.exec(field) ?? [];
  const known = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  const shown = field.length > 80 ? `${field.slice(0, 80)}…` : field;
  if (known === undefined) return { complaint: `has no field {${shown}}; possible are ${POSSIBLE}` };
  const value = known.of(source, rest);
  if (value === null)
    return { complaint: `asks for {${shown}}, which this run does not have; possible are ${POSSIBLE}` };
  return { key: value };
}

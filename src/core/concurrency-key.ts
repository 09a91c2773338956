/**
 * Concurrency keys: a text whose fields in braces are filled in from the run's own, such as "deploy-{tags.env}". Two braces stand
 * for one. Those of a job's runs have fields of the job besides, which are filled in first.
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
const POSSIBLE_IN_JOB = `${POSSIBLE}, {job}, {input.FIELD}`;

/** Pairs of braces, fields, halves of them, and the text between. */
const PARTS = /\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/g;

/** The key of a run, or what is wrong with it. */
export function renderKey(template: string, source: KeySource): { key: string } | { complaint: string } {
  let key = "";
  for (const [part] of template.matchAll(PARTS)) {
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

/**
 * The template with what a job's run adds filled in, {job} and {input.FIELD}, and every other field left for {@link renderKey}; or
 * what is wrong with it.
 * @param inputOf the text of a path into the input, or null where it has none there
 */
export function withJobFields(
  template: string,
  job: string,
  inputOf: (path: string[]) => string | null,
): { template: string } | { complaint: string; inputPath: string[] | null } {
  let filled = "";
  for (const [part] of template.matchAll(PARTS)) {
    const [, name = "", rest = ""] = /^\{([^.]*)\.?(.*)\}$/s.exec(part) ?? [];
    if (name === "job" && rest === "") filled += literalKey(job);
    else if (name === "input" && rest !== "") {
      const path = rest.split(".");
      const value = inputOf(path);
      if (value === null)
        return {
          complaint: `is missing, or no text, number or truth value: the job's concurrency key asks for ${clipped(part)}`,
          inputPath: path,
        };
      filled += literalKey(value);
    } else if (part.startsWith("{") && part.length > 1 && part !== "{{" && !Object.hasOwn(FIELDS, name))
      return { complaint: `has no field ${clipped(part)}; possible are ${POSSIBLE_IN_JOB}`, inputPath: null };
    else filled += part;
  }
  return { template: filled };
}

/** The template that gives this very text. */
export function literalKey(key: string): string {
  return key.replaceAll(/[{}]/g, (brace) => brace + brace);
}

const HAS_CONTROL = /\p{Cc}/u;

function filledIn(field: string, source: KeySource): { key: string } | { complaint: string } {
  const [, name = "", rest = ""] = /^([^.]*)\.?(.*)$/s.exec(field) ?? [];
  const known = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  const shown = clipped(`{${field}}`);
  if (known === undefined) return { complaint: `has no field ${shown}; possible are ${POSSIBLE}` };
  const value = known.of(source, rest);
  if (value === null)
    return { complaint: `asks for ${shown}, which this run does not have; possible are ${POSSIBLE}` };
  return { key: value };
}

function clipped(field: string): string {
  return field.length > 80 ? `${field.slice(0, 80)}…}` : field;
}

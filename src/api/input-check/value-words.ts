/** Words that say something of values of every type. */

import { isObject } from "../spec-input.ts";
import { all, type Word } from "./word.ts";

const type: Word<unknown, string | string[]> = {
  of: "any",
  holds(check, types, { value }) {
    if (typeof types === "string") return isOfType(types, value);
    check.steps.take(types.length / 8);
    return types.some((each) => isOfType(each, value));
  },
};

const constant: Word<unknown, unknown> = {
  of: "any",
  holds: (check, wanted, { value }) => check.values.areSame(value, wanted),
};

const among: Word<unknown, unknown[]> = {
  of: "any",
  holds: (check, values, { value }) => check.values.isAmong(value, values),
};

const reference: Word<unknown, string> = {
  of: "any",
  tellsItself: true,
  holds: (check, to, subject) => check.appliesHere(check.target(to), subject),
};

const allOf: Word<unknown, unknown[]> = {
  of: "any",
  tellsItself: true,
  holds: (check, each, subject) => all(subject.isTold, each, (schema) => check.appliesHere(schema, subject)),
};

const anyOf: Word<unknown, unknown[]> = {
  of: "any",
  holds: (check, each, subject) =>
    // Where it matters what was looked at, all that hold have looked.
    subject.seen === null
      ? each.some((schema) => check.appliesHere(schema, subject, false))
      : each.filter((schema) => check.appliesHere(schema, subject, false)).length > 0,
};

const oneOf: Word<unknown, unknown[]> = {
  of: "any",
  holds(check, each, subject) {
    let count = 0;
    for (const schema of each) {
      if (check.appliesHere(schema, subject, false)) count += 1;
      if (count > 1) return false;
    }
    return count === 1;
  },
};

const not: Word<unknown, unknown> = {
  of: "any",
  holds: (check, schema, subject) => !check.applies(schema, { ...subject, isTold: false, seen: null }),
};

const condition: Word<unknown, unknown> = {
  of: "any",
  tellsItself: true,
  holds(check, schema, subject, { then: ifSo = true, else: ifNot = true }) {
    return check.appliesHere(check.appliesHere(schema, subject, false) ? ifSo : ifNot, subject);
  },
};

export const VALUE_WORDS = {
  type,
  const: constant,
  enum: among,
  $ref: reference,
  allOf,
  anyOf,
  oneOf,
  not,
  if: condition,
} satisfies Record<string, Word>;

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case "object":
      return isObject(value);
    case "array":
      return Array.isArray(value);
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

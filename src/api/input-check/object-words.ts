/** Words that say something of objects. */

import { clipped } from "../complaints.ts";
import type { InputSchema } from "../input-schema.ts";
import type { InputCheck } from "./check.ts";
import { clippedList } from "./sentence.ts";
import { all, type Subject, type Word } from "./word.ts";

type Fields = Record<string, unknown>;
type ObjectWord<Behind> = Word<Fields, Behind>;

const required: ObjectWord<string[]> = {
  of: "object",
  tellsItself: true,
  holds(check, names, { value, place, isTold }) {
    check.steps.take(names.length);
    return all(isTold, names, (name) => {
      if (Object.hasOwn(value, name)) return true;
      if (isTold) check.tell({ place: place.at(name), isTold }, "required", () => "is missing");
      return false;
    });
  },
};

const minProperties: ObjectWord<number> = {
  of: "object",
  holds: (check, min, { value }) => check.values.namesOf(value).length >= min,
};

const maxProperties: ObjectWord<number> = {
  of: "object",
  holds: (check, max, { value }) => check.values.namesOf(value).length <= max,
};

const dependentRequired: ObjectWord<Record<string, string[]>> = {
  of: "object",
  tellsItself: true,
  holds: (check, dependents, subject) =>
    all(subject.isTold, namesOfBoth(check, dependents, subject.value), (name) =>
      areBeside(check, name, dependents[name] ?? [], subject),
    ),
};

const dependentSchemas: ObjectWord<Fields> = {
  of: "object",
  tellsItself: true,
  holds: (check, dependents, subject) =>
    all(subject.isTold, namesOfBoth(check, dependents, subject.value), (name) =>
      check.appliesHere(dependents[name], subject),
    ),
};

/** Draft 7's one word for the later draft's two. */
const dependencies: ObjectWord<Fields> = {
  of: "object",
  tellsItself: true,
  holds: (check, dependents, subject) =>
    all(subject.isTold, namesOfBoth(check, dependents, subject.value), (name) => {
      const behind = dependents[name];
      return Array.isArray(behind)
        ? areBeside(check, name, behind as string[], subject)
        : check.appliesHere(behind, subject);
    }),
};

const propertyNames: ObjectWord<unknown> = {
  of: "object",
  tellsItself: true,
  holds: (check, schema, subject) =>
    all(subject.isTold, check.values.namesOf(subject.value), (name) =>
      check.appliesAt(name, name, schema, subject),
    ),
};

const properties: ObjectWord<Fields> = {
  of: "object",
  tellsItself: true,
  holds: (check, schemas, subject) =>
    all(subject.isTold, namesOfBoth(check, schemas, subject.value), (name) =>
      fieldHolds(check, name, schemas[name], subject),
    ),
};

const patternProperties: ObjectWord<Fields> = {
  of: "object",
  tellsItself: true,
  holds(check, schemas, subject) {
    const names = check.values.namesOf(subject.value);
    return all(subject.isTold, check.values.namesOf(schemas), (pattern) => {
      check.steps.take(2 * names.length);
      return all(
        subject.isTold,
        names,
        (name) =>
          !check.matches(pattern, name, subject.place) || fieldHolds(check, name, schemas[pattern], subject),
      );
    });
  },
};

const additionalProperties: ObjectWord<unknown> = {
  of: "object",
  tellsItself: true,
  holds(check, schema, subject, { properties: named = {}, patternProperties: byPattern = {} }) {
    const patterns = check.values.namesOf(byPattern as Fields);
    const names = check.values.namesOf(subject.value);
    check.steps.take(names.length * (3 + 2 * patterns.length));
    const others = names.filter(
      (name) =>
        !Object.hasOwn(named as Fields, name) &&
        !patterns.some((pattern) => check.matches(pattern, name, subject.place)),
    );
    return all(subject.isTold, others, (name) => restHolds(check, name, schema, subject, named as Fields));
  },
};

const unevaluatedProperties: ObjectWord<unknown> = {
  of: "object",
  tellsItself: true,
  holds(check, schema, subject, { properties: named = {} }) {
    const names = check.values.namesOf(subject.value);
    check.steps.take(3 * names.length);
    const others = names.filter((name) => !subject.seen?.names.has(name));
    return all(subject.isTold, others, (name) => restHolds(check, name, schema, subject, named as Fields));
  },
};

export const OBJECT_WORDS = {
  required,
  minProperties,
  maxProperties,
  dependentRequired,
  dependentSchemas,
  dependencies,
  propertyNames,
  properties,
  patternProperties,
  additionalProperties,
  unevaluatedProperties,
} satisfies Record<string, Word>;

/** Names that are in both, found by those of the smaller. */
function namesOfBoth(check: InputCheck, schemas: object, value: object): string[] {
  const [a, b] = [check.values.namesOf(schemas), check.values.namesOf(value)];
  const [fewer, other] = a.length < b.length ? [a, value] : [b, schemas];
  check.steps.take(2 * fewer.length);
  return fewer.filter((name) => Object.hasOwn(other, name));
}

function fieldHolds(
  check: InputCheck,
  name: string,
  schema: unknown,
  subject: Subject & { value: Fields },
): boolean {
  check.steps.take(subject.seen === null ? 1 : 3);
  subject.seen?.names.add(name);
  return check.appliesAt(name, subject.value[name], schema, subject);
}

/** @param named those that the schema has a name for */
function restHolds(
  check: InputCheck,
  name: string,
  schema: unknown,
  subject: Subject & { value: Fields },
  named: InputSchema,
): boolean {
  if (schema !== false || !subject.isTold) return fieldHolds(check, name, schema, subject);
  const message = () => {
    const known = Object.keys(named);
    return known.length === 0
      ? "unknown field; none is known"
      : `unknown field; known are ${clippedList(known)}`;
  };
  check.tell({ place: subject.place.at(name), isTold: true }, "unknown", message);
  return false;
}

function areBeside(
  check: InputCheck,
  name: string,
  wanted: string[],
  subject: Subject & { value: Fields },
): boolean {
  check.steps.take(wanted.length);
  return all(subject.isTold, wanted, (other) => {
    if (Object.hasOwn(subject.value, other)) return true;
    check.tell(
      subject,
      JSON.stringify([name, other]),
      () => `has ${quoted(name)} but lacks ${quoted(other)}`,
    );
    return false;
  });
}

function quoted(name: string): string {
  return `"${clipped(name)}"`;
}

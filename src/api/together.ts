/**
 * What parts of a value must have in common, checked though other parts of it are wrong: zod by itself would say nothing of it until they
 * are right. What a check needs of the value it asks for, since anything can stand there.
 */

import { rightPlaces } from "./field-complaints.ts";
import { isObject } from "./spec-input.ts";

/** As the second argument of a check of an object. */
export const OF_ANY_OBJECT = { when: ({ value }: { value: unknown }) => isObject(value) };
/** The same of a list. */
export const OF_ANY_LIST = { when: ({ value }: { value: unknown }) => Array.isArray(value) };

/** A refinement that bounds how many names an object has. */
export function atMostNames(max: number, what: string) {
  return [
    (named: object) => Object.keys(named).length <= max,
    { ...OF_ANY_OBJECT, error: `can have at most ${max} ${what}` },
  ] as const;
}

/** Tells of a check's context whether nothing has been said so far of any of these fields, each given by its name or path. */
export function rightFields({ issues }: { issues: readonly { path?: PropertyKey[] | undefined }[] }) {
  const isRight = rightPlaces(issues.flatMap(placesOf));
  return (...fields: (PropertyKey | PropertyKey[])[]) => fields.every((field) => isRight([field].flat()));
}

function placesOf(issue: { path?: PropertyKey[] | undefined; keys?: unknown }): PropertyKey[][] {
  const { path = [], keys } = issue;
  return Array.isArray(keys) ? keys.map((key: PropertyKey) => [...path, key]) : [path];
}

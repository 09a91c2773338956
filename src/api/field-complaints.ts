/** What a schema refuses, field by field, apart from how it is answered: the API tells its callers, and a file's reader its lines. */

import type { z } from "zod";
import { clipped } from "./complaints.ts";

export interface FieldComplaint {
  /** Names and numbers from the top; empty where the whole is meant. */
  path: PropertyKey[];
  /** A sentence that goes on after the field's name. */
  message: string;
}

/** Everything that a validation complains about, in the schema's order. */
export function fieldComplaints(error: z.core.$ZodError): FieldComplaint[] {
  return error.issues.flatMap((issue) => complaintsIn(issue, []));
}

/** Unknown keys are reported at the object that has them, and keys of a record inside it. */
function complaintsIn(issue: z.core.$ZodIssue, above: PropertyKey[]): FieldComplaint[] {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `unknown field ${clipped(key)}; ${issue.message}`,
    }));
  if (issue.code === "invalid_key") return [{ path, message: issue.issues[0]?.message ?? issue.message }];
  const meant = issue.code === "invalid_union" ? issue.errors.filter(isOfTheKind) : [];
  const [only] = meant;
  return only !== undefined && meant.length === 1
    ? only.flatMap((inside) => complaintsIn(inside, path))
    : [{ path, message: issue.message }];
}

/** Whether what came is of the kind that an alternative takes, so that what is wrong inside of it is what there is to say. */
function isOfTheKind(issues: z.core.$ZodIssue[]): boolean {
  return issues.every(({ code, path }) => path.length > 0 || code === "unrecognized_keys");
}

/** Tells of a place whether nothing is said of it, of what is in it, or of what it is in. */
export function rightPlaces(said: readonly PropertyKey[][]): (place: readonly PropertyKey[]) => boolean {
  // There can be as many complaints as a body has values, and as many who ask.
  const wrong = new Set(said.map(keyOf));
  const around = new Set(said.flatMap((path) => path.map((_, length) => keyOf(path.slice(0, length)))));
  return (place) =>
    !around.has(keyOf(place)) &&
    !wrong.has(keyOf(place)) &&
    place.every((_, length) => !wrong.has(keyOf(place.slice(0, length))));
}

/** The same text for the same place. */
export function keyOf(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}

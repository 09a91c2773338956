/** What a schema refuses, field by field, apart from how it is answered: the API tells its callers, and a file's reader its lines. */

import type { z } from "zod";

export interface FieldComplaint {
  /** Names and numbers from the top; empty where the whole is meant. */
  path: PropertyKey[];
  /** A sentence that goes on after the field's name. */
  message: string;
}

/** Everything that a validation complains about, in the schema's order. */
export function fieldComplaints(error: z.core.$ZodError): FieldComplaint[] {
  return error.issues
    .flatMap(issuesMeant)
    .map((issue) => ({ path: placeOf(issue), message: sentenceOf(issue) }));
}

/** Of a field that can be of several kinds: what is wrong inside, where only one kind has an inside that came. */
function issuesMeant(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const [meant, ...others] = issue.errors.filter((issues) => issues.every(({ path }) => path.length > 0));
  if (meant === undefined || others.length > 0) return [issue];
  return meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** Unknown keys are reported at the object that has them and keys of a record inside it; name the key itself. */
function placeOf(issue: z.core.$ZodIssue): PropertyKey[] {
  if (issue.code === "unrecognized_keys") return [...issue.path, issue.keys[0] ?? ""];
  return issue.path;
}

function sentenceOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_key") return issue.issues[0]?.message ?? issue.message;
  return issue.message;
}

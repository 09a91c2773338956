/**
 * What can be no text of a request or of a file, wherever it stands. JSON and YAML can spell half of a character, which UTF-8 and a
 * database would make another one of; and a field of this one name would be lost on the way, as objects of JavaScript take it for something else.
 */

import type { FieldComplaint } from "./field-complaints.ts";

const WELL_FORMED =
  "without lone surrogates, which are halves of a character; other bytes can be given as base64 of a file";
const NOT_A_NAME = '"__proto__" can not be a name of a field';

/** All of a value's texts and names that can be none, in its order. It calls itself for each level of the value, which has few. */
export function textComplaints(value: unknown): FieldComplaint[] {
  const complaints: FieldComplaint[] = [];
  look(value, [], complaints);
  return complaints;
}

function look(value: unknown, path: PropertyKey[], complaints: FieldComplaint[]): void {
  const complain = (at: PropertyKey[], message: string) => complaints.push({ path: at, message });
  if (typeof value === "string") {
    if (!value.isWellFormed()) complain([...path], `must be text ${WELL_FORMED}`);
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) within(index, item);
  } else if (typeof value === "object" && value !== null)
    for (const [name, field] of Object.entries(value)) {
      if (name === "__proto__") complain([...path, name], NOT_A_NAME);
      if (!name.isWellFormed()) complain([...path, name], `must be a name ${WELL_FORMED}`);
      within(name, field);
    }

  function within(name: PropertyKey, inside: unknown): void {
    path.push(name);
    look(inside, path, complaints);
    path.pop();
  }
}

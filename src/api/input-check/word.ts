import type { InputSchema } from "../input-schema.ts";
import type { InputCheck } from "./check.ts";
import type { Place } from "./place.ts";
import type { Seen } from "./seen.ts";

/** A value that a schema is applied to. */
export interface Subject {
  value: unknown;
  place: Place;
  /** Whether it is told what is wrong with it. It is not where another schema may hold instead. */
  isTold: boolean;
  /** What has been looked at; null where nobody asks for it. */
  seen: Seen | null;
}

/** What a word of JSON Schema says of a value. */
export interface Word<Value = never, Behind = never> {
  /** The values that it says something of: of all others it holds. */
  of: "any" | "string" | "number" | "object" | "list";
  /** Whether it tells by itself what is wrong, or leads to what does. */
  tellsItself?: true;
  /**
   * @param behind the word, as `schemaComplaints` takes it
   * @param schema where the word stands
   */
  holds(check: InputCheck, behind: Behind, subject: Subject & { value: Value }, schema: InputSchema): boolean;
}

/** Whether all hold. All are looked at where it is told what is wrong, and otherwise those until the first that does not. */
export function all<T>(isTold: boolean, parts: Iterable<T>, holds: (part: T) => boolean): boolean {
  let allHold = true;
  for (const part of parts) {
    if (holds(part)) continue;
    if (!isTold) return false;
    allHold = false;
  }
  return allHold;
}

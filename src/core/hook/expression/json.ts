/** What an expression has made, as JSON for a run. */

import { EXPRESSION_VALUE_MAX_LEVELS } from "../../limits.ts";
import { wellFormed } from "../../utf8.ts";
import type { Json } from "../delivery.ts";
import { type Meter, TooManySteps } from "./meter.ts";
import { Dict, List, Optional, typeOf, type Value } from "./value.ts";

/** Half of a character, as a text can be cut off in, becomes U+FFFD. Undefined for an optional without a value. A complaint is a sentence that the expression's path can stand before. */
export function jsonOf(value: Value, meter: Meter): { json: Json | undefined } | { complaint: string } {
  try {
    return { json: made(value, meter, EXPRESSION_VALUE_MAX_LEVELS) };
  } catch (error) {
    if (error instanceof TooManySteps) return { complaint: "is too large a value" };
    if (error instanceof NoJson) return { complaint: error.message };
    throw error;
  }
}

class NoJson extends Error {}

function made(value: Value, meter: Meter, levels: number): Json | undefined {
  meter.spend(3);
  if (levels === 0) throw new NoJson(`has more than ${EXPRESSION_VALUE_MAX_LEVELS} levels`);
  if (value instanceof Optional)
    return value.value === undefined ? undefined : made(value.value, meter, levels);
  if (value instanceof List)
    return Array.from({ length: value.size }, (_, i) => made(value.at(i), meter, levels - 1) ?? null);
  if (value instanceof Dict)
    return Object.fromEntries(
      value.keys(meter).flatMap((key) => {
        const inside = made(value.get(key) ?? null, meter, levels - 1);
        return inside === undefined ? [] : [[wellFormed(String(key)), inside]];
      }),
    );
  if (typeof value === "string") {
    meter.spendOnText(2 * value.length);
    return wellFormed(value);
  }
  if (typeof value === "number" && !Number.isFinite(value))
    throw new NoJson(`is ${value}, which JSON does not have`);
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw new NoJson(
      `is ${value}, more than JSON tells exactly; string(…) makes a text of the ${typeOf(value)}`,
    );
  return number;
}

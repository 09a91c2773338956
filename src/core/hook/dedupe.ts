/** The id of a generic sender's delivery by an expression over it. */

import { EXPRESSION_MAX_STEPS } from "../limits.ts";
import { wellFormed } from "../utf8.ts";
import type { Delivery } from "./delivery.ts";
import { evaluate } from "./expression/evaluate.ts";
import { Meter } from "./expression/meter.ts";
import { toText } from "./expression/methods.ts";
import { parseExpression } from "./expression/parse.ts";
import { variablesOf } from "./expression/variables.ts";

/** A complaint is a sentence that "dedupe.expression" can stand before. */
export function dedupeId(
  source: string,
  delivery: Pick<Delivery, "event" | "action" | "payload" | "headers">,
): { id: string } | { complaint: string } {
  const expression = parseExpression(source);
  if ("complaint" in expression) return expression;
  const evaluated = evaluate(expression, variablesOf(delivery, null), new Meter(EXPRESSION_MAX_STEPS));
  if ("complaint" in evaluated) return { complaint: `has no value: ${evaluated.complaint}` };
  const { value } = evaluated;
  if (value === null || typeof value === "object" || value === "")
    return { complaint: "must be a text that is not empty, a number or true/false" };
  return { id: wellFormed(toText(value)) };
}

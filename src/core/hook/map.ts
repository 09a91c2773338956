/** What a delivery gives its run: the values of the hook's expressions. */

import { EXPRESSION_MAX_STEPS } from "../limits.ts";
import type { Fill, Json } from "./delivery.ts";
import { evaluate } from "./expression/evaluate.ts";
import { jsonOf } from "./expression/json.ts";
import { Meter } from "./expression/meter.ts";
import { parseExpression } from "./expression/parse.ts";
import { variablesOf } from "./expression/variables.ts";

class NotFilled extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/**
 * A variable whose expression is null or an optional without a value is not set, nor is a field of the input that is such an optional.
 * Paths of complaints begin with "map".
 */
export const fill: Fill = (
  { env = {}, input },
  delivery,
  change,
  allowance = { left: Number.POSITIVE_INFINITY },
) => {
  const given = Math.min(EXPRESSION_MAX_STEPS, allowance.left);
  const meter = new Meter(given);
  const variables = variablesOf(delivery, change);
  const valueAt = (path: string, source: string): Json | undefined => {
    const expression = parseExpression(source);
    if ("complaint" in expression) throw new NotFilled(path, expression.complaint);
    const evaluated = evaluate(expression, variables, meter);
    if ("complaint" in evaluated) throw new NotFilled(path, `has no value: ${evaluated.complaint}`);
    const made = jsonOf(evaluated.value, meter);
    if ("complaint" in made) throw new NotFilled(path, made.complaint);
    return made.json;
  };
  const valuesAt = (path: string, sources: Readonly<Record<string, string>>) =>
    Object.entries(sources).map(([name, source]): [string, Json | undefined] => [
      name,
      valueAt(`${path}.${name}`, source),
    ]);
  try {
    const texts = valuesAt("map.env", env).flatMap(([name, value]): [string, string][] =>
      value === undefined || value === null ? [] : [[name, textOf(`map.env.${name}`, value)]],
    );
    const inputs =
      input === undefined || typeof input === "string"
        ? null
        : valuesAt("map.input", input).flatMap(([name, value]): [string, Json][] =>
            value === undefined ? [] : [[name, value]],
          );
    return {
      env: Object.fromEntries(texts),
      input:
        typeof input === "string"
          ? valueAt("map.input", input)
          : ((inputs && Object.fromEntries(inputs)) ?? undefined),
    };
  } catch (error) {
    if (error instanceof NotFilled) return { complaint: { path: error.path, message: error.message } };
    throw error;
  } finally {
    allowance.left -= given - meter.left;
  }
};

function textOf(path: string, value: Json): string {
  if (typeof value === "object")
    throw new NotFilled(path, "must be a text, a number or true/false, and is a list or a map");
  const text = String(value);
  if (text.includes("\0")) throw new NotFilled(path, "has a NUL character, which no variable can have");
  return text;
}

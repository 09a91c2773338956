/**
 * How long the slowest inputs take to check that schemas within bounds can be made to want, beside reading and writing the same input as
 * JSON, and how far that is from the 50 ms that are meant. Each case works on 64 KiB of input and of schema at most, and multiplies its work by references, two to each level.
 */

import { checkInput } from "../src/api/check-input.ts";
import { type InputSchema, schemaComplaints } from "../src/api/input-schema.ts";
import { AppError } from "../src/core/error.ts";
import { ms, percentile, report } from "./figures.ts";

const ROUNDS = 7;
const TEXT = 65_000;
const times = <T>(count: number, each: (index: number) => T) =>
  Array.from({ length: count }, (_, at) => each(at));
const fields = <T>(count: number, each: (index: number) => [string, T]) =>
  Object.fromEntries(times(count, each));

/** A schema that is applied 2 ** levels times to one value. */
function often(schema: InputSchema, levels: number): InputSchema {
  const $defs = Object.fromEntries(
    times(levels, (at) => [
      `d${at}`,
      { allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] },
    ]),
  );
  return { $defs: { ...$defs, [`d${levels}`]: schema }, $ref: "#/$defs/d0" };
}

const LEVELS = [0, 6, 8, 10, 12, 13, 14, 15, 16, 17];
const text = "a".repeat(TEXT);
const uri = `a:${"b".repeat(TEXT)}`;
const numbers = times(10_000, (at) => at + 10_000);
const names = fields(6000, (at) => [`n${at}`, 1]);
const objects = times(7000, (at) => ({ a: at }));

/** A schema that one value is given to again and again, and that value. */
const VALUES: Record<string, [schema: InputSchema, input: unknown]> = {
  nothing: [{}, 1],
  minLength: [{ minLength: 1, maxLength: 70_000 }, text],
  "format uri": [{ format: "uri-reference" }, uri],
  "format email": [{ format: "email" }, text],
  "format hostname": [{ not: { format: "hostname" } }, `${"a".repeat(TEXT)}!`],
  "format duration": [{ not: { format: "duration" } }, `P${"1".repeat(TEXT)}`],
  "format json-pointer": [{ not: { format: "json-pointer" } }, `/${text}~`],
  "format date-time": [{ not: { format: "date-time" } }, "t".repeat(TEXT)],
  "format ipv6": [{ not: { format: "ipv6" } }, ":".repeat(TEXT)],
  pattern: [{ pattern: "^a+$" }, text],
  "patterns with many ways": [{ pattern: "(?:a?){50}b|a" }, text],
  "const list": [{ const: numbers.slice(0, 10_000) }, numbers.slice(0, 10_000)],
  "const text": [{ const: "a".repeat(60_000) }, "a".repeat(60_000)],
  "enum of lists": [
    { not: { enum: times(100, (at) => [...numbers.slice(0, 90), at]) } },
    [...numbers.slice(0, 90), -1],
  ],
  "enum of numbers": [{ not: { enum: numbers.slice(0, 9000) } }, -1],
  "items true": [{ items: true }, numbers],
  "items {}": [{ items: {} }, numbers],
  "items false": [{ not: { items: false } }, numbers],
  contains: [{ contains: true }, numbers],
  "contains none": [{ not: { contains: { type: "string" } } }, numbers],
  uniqueItems: [{ uniqueItems: true }, numbers.slice(0, 10_000)],
  "uniqueItems with one twice": [{ not: { uniqueItems: true } }, [...numbers.slice(0, 2000), 11_999]],
  "uniqueItems of objects": [{ not: { uniqueItems: true } }, [...objects.slice(0, 1000), { a: 999 }]],
  unevaluatedItems: [{ prefixItems: [true], unevaluatedItems: {} }, numbers],
  additionalProperties: [{ additionalProperties: true }, names],
  "additionalProperties {}": [{ additionalProperties: {} }, names],
  unevaluatedProperties: [{ unevaluatedProperties: true }, names],
  minProperties: [{ minProperties: 1 }, names],
  propertyNames: [{ propertyNames: true }, names],
  properties: [{ properties: fields(2500, (at) => [`n${at}`, true]) }, names],
  required: [{ required: Object.keys(names).slice(0, 4000) }, names],
  patternProperties: [{ patternProperties: { "^n": true } }, names],
  dependentRequired: [{ dependentRequired: fields(2000, (at) => [`n${at}`, ["n1"]]) }, names],
  dependentSchemas: [{ dependentSchemas: fields(2000, (at) => [`n${at}`, true]) }, names],
  multipleOf: [{ multipleOf: 1e-7 }, 1e21],
  "anyOf that fails": [{ not: { anyOf: times(1500, () => ({ type: "string" })) } }, 1],
  "oneOf that fails": [{ not: { oneOf: times(1500, () => ({ type: "string" })) } }, 1],
  "allOf with names": [{ allOf: times(300, () => ({ properties: { n1: true } })) }, names],
};

export async function inputs(): Promise<void> {
  console.log(`inputs: the slowest of what can be made of each word, of ${LEVELS.length} depths`);
  const worst = { took: 0, name: "" };
  for (const [name, [schema, input]] of Object.entries(VALUES)) {
    const json = JSON.stringify(input);
    const floor = percentile(
      times(ROUNDS, () => taken(() => JSON.stringify(JSON.parse(json)))),
      0.5,
    );
    let slowest = { took: 0, levels: 0, end: "" };
    for (const levels of LEVELS) {
      const whole = often(schema, levels);
      if (schemaComplaints(whole).length > 0)
        throw new Error(`${name}: ${schemaComplaints(whole)[0]?.message}`);
      const first = taken(() => end(whole, input));
      const took =
        first > 500
          ? first
          : percentile(
              times(3, () => taken(() => end(whole, input))),
              0.5,
            );
      if (took > slowest.took) slowest = { took, levels, end: end(whole, input) };
      // Deeper it takes minutes.
      if (took > 1000) break;
    }
    if (slowest.took > worst.took) Object.assign(worst, { took: slowest.took, name });
    report(name, {
      check: ms(slowest.took),
      floor: ms(floor),
      ratio: (slowest.took / floor).toFixed(0),
      levels: slowest.levels,
      "": slowest.end,
    });
  }
  console.log(`  the slowest of all: ${worst.name}, ${ms(worst.took)}`);
}

function taken(action: () => unknown): number {
  const from = performance.now();
  action();
  return performance.now() - from;
}

/** How a check ends. */
function end(schema: InputSchema, input: unknown): string {
  try {
    checkInput(input, schema);
    return "fits";
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.message.includes("takes more than") ? "refused for its steps" : "does not fit";
  }
}

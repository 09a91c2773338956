import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inputComplaints } from "../../src/api/check-input.ts";
import { CheckSteps } from "../../src/api/input-check/steps.ts";
import { type InputSchema, schemaComplaints } from "../../src/api/input-schema.ts";
import { INPUT_CHECK_MAX_STEPS, INPUT_MAX_BYTES, INPUT_PATTERN_MAX_STEPS } from "../../src/core/limits.ts";

const many = <T>(count: number, each: (index: number) => T) =>
  Array.from({ length: count }, (_, at) => each(at));
const fields = <T>(count: number, each: (index: number) => T) =>
  Object.fromEntries(many(count, (at) => [`n${at}`, each(at)]));

/** Steps that a check takes, which neither words nor patterns end. */
function stepsOf(schema: InputSchema, input: unknown): { steps: CheckSteps; complaints: number } {
  expect(schemaComplaints(schema)).toEqual([]);
  const steps = new CheckSteps();
  const complaints = inputComplaints(input, schema, steps).length;
  return { steps, complaints };
}

/** A schema that is applied so often to one value. */
const often = (schema: InputSchema, times: number): InputSchema => ({
  $defs: { often: schema },
  allOf: many(times, () => ({ $ref: "#/$defs/often" })),
});

/** Of each word a schema and a value of a size, and what part of it a step is for at most. */
const WALKS: [word: string, of: (size: number) => [InputSchema, unknown], perStep: number][] = [
  ["minLength", (size) => [{ minLength: size }, "a".repeat(size)], 400],
  ["maxLength", (size) => [{ maxLength: size - 1 }, "\u{1f600}".repeat(size / 2)], 400],
  ["format", (size) => [{ format: "uri-reference" }, "a".repeat(size)], 400],
  ["required", (size) => [{ required: many(size / 10, (at) => `n${at}`) }, fields(size / 10, () => 1)], 10],
  ["properties", (size) => [{ properties: fields(size / 10, () => true) }, fields(size / 10, () => 1)], 10],
  ["additionalProperties", (size) => [{ additionalProperties: true }, fields(size / 10, () => 1)], 10],
  ["unevaluatedProperties", (size) => [{ unevaluatedProperties: true }, fields(size / 10, () => 1)], 10],
  ["propertyNames", (size) => [{ propertyNames: true }, fields(size / 10, () => 1)], 10],
  ["patternProperties", (size) => [{ patternProperties: { "^m": true } }, fields(size / 10, () => 1)], 10],
  [
    "dependentRequired",
    (size) => [{ dependentRequired: { n0: many(size / 10, (at) => `n${at}`) } }, fields(size / 10, () => 1)],
    10,
  ],
  [
    "dependentSchemas",
    (size) => [{ dependentSchemas: fields(size / 10, () => true) }, fields(size / 10, () => 1)],
    10,
  ],
  ["items", (size) => [{ items: true }, many(size / 10, () => 1)], 10],
  ["prefixItems", (size) => [{ prefixItems: many(size / 10, () => true) }, many(size / 10, () => 1)], 10],
  ["unevaluatedItems", (size) => [{ unevaluatedItems: true }, many(size / 10, () => 1)], 10],
  ["contains", (size) => [{ contains: true }, many(size / 10, () => 1)], 10],
  ["anyOf", (size) => [{ not: { anyOf: many(size / 10, () => false) } }, 1], 10],
  ["oneOf", (size) => [{ not: { oneOf: many(size / 10, () => false) } }, 1], 10],
];

describe("what checking an input takes is counted", () => {
  it.each(WALKS)("%s: by the size of what it walks, each time", (_, of, perStep) => {
    const size = 4000;
    const [schema, value] = of(size);
    const once = stepsOf(often(schema, 1), value);
    const tenTimes = stepsOf(often(schema, 10), value);
    expect([once.complaints, tenTimes.complaints]).toEqual([once.complaints, once.complaints]);
    expect(tenTimes.steps.taken - once.steps.taken).toBeGreaterThan((9 * size) / perStep);
  });

  it.each([
    ["const", [{ const: many(1000, (at) => at) }, many(1000, (at) => at)]],
    ["enum", [{ enum: many(300, (at) => [at, "a"]) }, [299, "a"]]],
    ["uniqueItems", [{ uniqueItems: true }, many(1000, (at) => ({ at }))]],
    ["many items of one list", [{ uniqueItems: true, enum: [many(1000, () => [1])] }, many(1000, () => [1])]],
  ] as [string, [InputSchema, unknown]][])(
    "%s: each value once, however often it is compared",
    (_, [schema, value]) => {
      const once = stepsOf(often(schema, 1), value);
      const tenTimes = stepsOf(often(schema, 10), value);
      expect(once.steps.taken).toBeGreaterThan(300);
      expect(tenTimes.steps.taken - once.steps.taken).toBeLessThan(300);
    },
  );

  it("patterns: each text once, and each character and part of it", () => {
    const schema = { pattern: "^a" };
    const once = stepsOf(often(schema, 1), "a".repeat(10_000));
    expect(once.steps.takenByPatterns).toBeGreaterThan(500);
    const again = stepsOf(often(schema, 10), "a".repeat(10_000));
    expect(again.steps.takenByPatterns).toBe(once.steps.takenByPatterns);
  });

  it("what is wrong: each once, and each costs", () => {
    const schema = { items: { type: "string" } };
    const fitting = stepsOf(
      { items: { type: "number" } },
      many(100, () => 1),
    );
    const { steps, complaints } = stepsOf(
      schema,
      many(100, () => 1),
    );
    expect(complaints).toBe(100);
    expect(steps.taken).toBeGreaterThan(fitting.steps.taken + 300);
    expect(
      stepsOf(
        often(schema, 5),
        many(100, () => 1),
      ).complaints,
    ).toBe(100);
  });

  it("a check ends with its steps, and tells what it found until then", () => {
    const doubling: InputSchema = {
      $defs: {},
      properties: { a: { type: "string" }, b: { $ref: "#/$defs/d0" } },
    };
    const { $defs } = doubling as { $defs: InputSchema };
    for (let at = 0; at < 30; at++)
      $defs[`d${at}`] = { allOf: many(2, () => ({ $ref: `#/$defs/d${at + 1}` })) };
    $defs.d30 = true;
    expect(inputComplaints({ b: 1 }, doubling)).toEqual([
      {
        path: [],
        message: `takes more than ${INPUT_CHECK_MAX_STEPS} steps to check against the job's schema`,
      },
    ]);
    expect(inputComplaints({ a: 1, b: 1 }, doubling)).toEqual([
      { path: ["a"], message: "must be text, not 1" },
    ]);
  });

  it("schemas that lead through thousands of others end, too", () => {
    const $defs = Object.fromEntries(
      many(1800, (at) => [`d${at}`, { $ref: at < 1799 ? `#/$defs/d${at + 1}` : "#/$defs/end" }]),
    );
    const schema = { $defs: { ...$defs, end: { items: { $ref: "#/$defs/d0" } } }, $ref: "#/$defs/d0" };
    expect(schemaComplaints(schema)).toEqual([]);
    expect(inputComplaints([[[[1]]]], schema)).toEqual([
      { path: [], message: expect.stringContaining("leads through more than") },
    ]);
  });
});

describe("what people send is far below the bounds", () => {
  const push = JSON.parse(readFileSync(join(import.meta.dirname, "real", "github-push.json"), "utf8")) as {
    schema: InputSchema;
    examples: Record<string, unknown>[];
  };

  const money = { type: "number", minimum: 0, multipleOf: 0.01 };
  const order: InputSchema = {
    type: "object",
    required: ["orders"],
    additionalProperties: false,
    properties: { orders: { type: "array", uniqueItems: true, items: { $ref: "#/$defs/order" } } },
    $defs: {
      order: {
        type: "object",
        required: ["id", "mail", "lines", "at"],
        additionalProperties: false,
        properties: {
          id: { type: "string", format: "uuid" },
          mail: { type: "string", format: "email", maxLength: 200 },
          at: { type: "string", format: "date-time" },
          state: { enum: ["new", "paid", "sent"] },
          lines: {
            type: "array",
            minItems: 1,
            items: {
              type: "object",
              required: ["sku", "count", "price"],
              unevaluatedProperties: false,
              properties: {
                sku: { type: "string", pattern: "^[A-Z]{3}-[0-9]{4,8}$" },
                count: { type: "integer", minimum: 1 },
                price: money,
              },
            },
          },
          pay: {
            oneOf: [
              { type: "object", required: ["iban"], properties: { iban: { type: "string" } } },
              { type: "object", required: ["card"], properties: { card: { type: "string" } } },
            ],
          },
        },
      },
    },
  };
  const orders = many(180, (at) => ({
    id: `3f2504e0-4f89-11d3-9a0c-0305e82c${String(at).padStart(4, "0")}`,
    mail: `customer.${at}@example.com`,
    at: "2026-11-22T07:00:00Z",
    state: "paid",
    lines: many(4, (line) => ({ sku: `ABC-${10_000 + line}`, count: 1 + line, price: 19.99 + line })),
    pay: { card: `tok_${at}` },
  }));

  const table: InputSchema = {
    type: "array",
    items: {
      type: "object",
      required: ["id", "day", "name", "value"],
      properties: {
        id: { type: "integer" },
        day: { type: "string", format: "date" },
        name: { type: "string", minLength: 1, maxLength: 20 },
        value: { type: ["number", "null"] },
      },
      patternProperties: { "^x_": { type: "string" } },
      additionalProperties: false,
    },
  };
  const rows = many(1000, (id) => ({ id, day: "2026-11-22", name: `n${id}`, value: id / 4 }));

  it.each([
    ["an order list of 64 KiB", order, { orders }, 50_000],
    ["a push of GitHub against GitHub's schema", push.schema, push.examples[0], 5_000],
    ["another", push.schema, push.examples[1], 5_000],
    ["a table of 1,000 rows", table, rows, 50_000],
    [
      "as many numbers as there can be",
      { items: { type: "integer", minimum: 0 } },
      many(32_000, () => 1),
      60_000,
    ],
    [
      "a text of 64 KiB",
      { type: "string", maxLength: 65_535, format: "uri-reference" },
      "a".repeat(65_000),
      1000,
    ],
  ] as [string, InputSchema, unknown, number][])("%s", (_, schema, input, bytesAtLeast) => {
    const bytes = JSON.stringify(input).length;
    expect(bytes).toBeGreaterThan(bytesAtLeast);
    expect(bytes).toBeLessThanOrEqual(INPUT_MAX_BYTES);
    const { steps, complaints } = stepsOf(schema, input);
    expect(complaints).toBe(0);
    expect(steps.taken).toBeLessThan(INPUT_CHECK_MAX_STEPS / 2);
    expect(steps.takenByPatterns).toBeLessThan(INPUT_PATTERN_MAX_STEPS / 2);
  });
});

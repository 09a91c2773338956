import { describe, expect, it } from "vitest";
import { checkInput } from "../../src/api/check-input.ts";
import { schemaComplaints } from "../../src/api/input-schema.ts";
import { AppError } from "../../src/core/error.ts";

/** Of what takes 50 ms, on a computer that has no time; what has no bound takes minutes. */
const SOON_MS = 10_000;
const LONG = 65_000;
const many = <T>(count: number, each: (index: number) => T) =>
  Array.from({ length: count }, (_, at) => each(at));
const fields = <T>(count: number, each: (index: number) => [string, T]) =>
  Object.fromEntries(many(count, each));

function complaint(schema: Record<string, unknown>, input: unknown): string | null {
  expect(schemaComplaints(schema)).toEqual([]);
  try {
    checkInput(input, schema);
    return null;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return `${error.path}: ${error.message}`;
  }
}

const TEXTS: [pattern: string, text: string, says: string][] = [
  ["(a+)+$", `${"a".repeat(LONG)}!`, "input.t: must match"],
  ["(a|a)*b", "a".repeat(LONG), "input.t: must match"],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", "a".repeat(LONG), "input.t: must match"],
  ["\\s+$", `${" ".repeat(LONG)}x`, "input.t: must match"],
  ["a{1,4000}b", "a".repeat(LONG), "input.t: takes more than 1000000 steps"],
];

const WHOLE: [name: string, schema: Record<string, unknown>, input: unknown, says: string | null][] = [
  [
    "many patterns for one text",
    { allOf: many(1500, (at) => ({ pattern: `a{1,${300 + at}}b${at}` })) },
    "a".repeat(LONG),
    "input: takes more than",
  ],
  [
    "many patterns for many names",
    { patternProperties: fields(500, (at) => [`^(a|b${at})+$`, true]) },
    fields(4000, (at) => [`ab${at}`, 1]),
    "input: takes more than",
  ],
  ["a long list without an item twice", { uniqueItems: true }, many(10_000, (at) => at), null],
  [
    "one with its last item twice",
    { uniqueItems: true },
    [...many(10_000, (at) => at), 9999],
    "input: takes",
  ],
  [
    "many values for many items",
    { items: { enum: many(10_000, (at) => at) } },
    many(12_000, () => 9999),
    "input: takes",
  ],
  [
    "many fields for many items",
    { items: { properties: fields(3000, (at) => [`p${at}`, true]) } },
    many(16_000, () => ({})),
    "input: takes",
  ],
];

describe("an input is checked soon, whatever it is made of", () => {
  it.each(TEXTS)("%s", (pattern, text, says) => {
    const begun = performance.now();
    expect(complaint({ properties: { t: { type: "string", pattern } } }, { a: 1, t: text })).toContain(says);
    expect(performance.now() - begun).toBeLessThan(SOON_MS);
  });

  it.each(WHOLE)("%s", (_, schema, input, says) => {
    const begun = performance.now();
    const found = complaint(schema, input);
    if (says === null) expect(found).toBeNull();
    else expect(found).toContain(says);
    expect(performance.now() - begun).toBeLessThan(SOON_MS);
  });
});

describe("patterns are checked wherever they stand", () => {
  const byName = {
    type: "object",
    properties: { "x-1": { type: "integer", maximum: 5 } },
    patternProperties: { "^x-": { type: "integer", minimum: 1 }, "-t$": { $ref: "#/$defs/t" } },
    additionalProperties: false,
    $defs: { t: { type: "string", pattern: "^[a-z]+$", format: "hostname" } },
  };

  it.each([
    [byName, { "x-1": 3, "x-2": 9, "a-t": "ok" }, null],
    [byName, { "x-1": 9 }, "input.x-1: can be at most 5"],
    [byName, { "x-1": 0 }, "input.x-1: must be at least 1"],
    [byName, { "a-t": "NO" }, "input.a-t: must match ^[a-z]+$"],
    [byName, { y: 1 }, "input.y: unknown field; known are x-1"],
    [
      { properties: { a: { pattern: "^a", format: "date" } } },
      { a: "ab" },
      "input.a: must be of the format date",
    ],
    [{ propertyNames: { pattern: "^[a-z]$" } }, { A: 1 }, "input.A: must match ^[a-z]$"],
    [{ items: { not: { pattern: "b" } } }, ["a", "b"], "input.1: is what the job's schema excludes (not)"],
    [
      { patternProperties: { a: { type: "string" } }, unevaluatedProperties: false },
      { b: 1 },
      "input.b: unknown field",
    ],
    [
      {
        properties: { p: { $ref: "#/patternProperties/^q" } },
        patternProperties: { "^q": { pattern: "x" } },
      },
      { p: "y" },
      "input.p: must match x",
    ],
    [{ anyOf: [{ pattern: "^a" }, { type: "number" }] }, "b", "input: fits none"],
  ] as [Record<string, unknown>, unknown, string | null][])("%j %j", (schema, input, says) => {
    if (says === null) expect(complaint(schema, input)).toBeNull();
    else expect(complaint(schema, input)).toContain(says);
  });
});

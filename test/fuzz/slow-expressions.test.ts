import { describe, expect, it } from "vitest";
import type { Json } from "../../src/core/hook/delivery.ts";
import { judge } from "../../src/core/hook/filter.ts";
import { globsComplaint } from "../../src/core/hook/glob.ts";
import { fill } from "../../src/core/hook/map.ts";
import { aChange, aDelivery } from "../core/hook/a-delivery.ts";

/** Of what takes a third of a second, on a computer that has no time; what has no bound takes minutes. */
const SOON_MS = 15_000;
/** As much text as a body has. */
const LONG = 1_000_000;
/** As many items as a body has, of a character each. */
const MANY = 300_000;

const PAYLOAD: Json = {
  items: Array.from({ length: MANY }, (_, at) => at % 10),
  objects: Array.from({ length: 30_000 }, (_, at) => ({ a: at, b: "x" })),
  fields: Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`k${at}`, at])),
  a: "a".repeat(LONG),
  ab: "ab".repeat(LONG / 2),
  worst: `${"a".repeat(LONG / 4)}b${"a".repeat(LONG / 4)}`,
  faces: "\u{1f600}".repeat(LONG / 4),
  deep: JSON.parse("[".repeat(LONG / 2) + "]".repeat(LONG / 2)),
};

/** Each value twice the one before: what `from` is after `times`. */
function doubled(
  from: string,
  times: number,
  double: (name: string) => string,
  then: (name: string) => string,
) {
  let expression = then(`x${times}`);
  for (let at = times; at > 0; at--) expression = `cel.bind(x${at}, ${double(`x${at - 1}`)}, ${expression})`;
  return `cel.bind(x0, ${from}, ${expression})`;
}
const itself = (name: string) => `${name} + ${name}`;
const pair = (name: string) => `[${name}, ${name}]`;

const SLOW: [name: string, expression: string][] = [
  ["loops in loops", "payload.items.all(a, payload.items.all(b, payload.items.all(c, a + b + c >= 0)))"],
  ["failures that another item may make good", "payload.items.exists(a, payload.items.exists(b, b.x))"],
  ["failures that the other side may make good", "payload.items.exists(a, a.x || a.y)"],
  ["lists of lists", "payload.items.map(a, payload.items.map(b, [a, b]))"],
  ["a value as often as there are items", "payload.items.map(a, payload.items)"],
  ["texts that grow", "payload.items.map(a, payload.a + payload.a)"],
  ["texts that double", doubled('"aaaaaaaa"', 40, itself, (name) => `${name}.size()`)],
  ["lists that double", doubled("[1]", 40, itself, (name) => `${name}.size()`)],
  ["lists that hold the same twice", doubled("1", 40, pair, (name) => name)],
  ["such lists, compared", doubled("1", 40, pair, (name) => `${name} == ${name}`)],
  ["the whole payload, compared again and again", "payload.items.all(a, payload.objects == payload.objects)"],
  ["what is deep, compared", "payload.deep == payload.deep"],
  ["what is deep, sought", "[payload.deep] in [[payload.deep]]"],
  ["what is deep, given", "payload.deep"],
  ["fields, counted again and again", "payload.items.all(a, payload.fields.size() > 0)"],
  ["fields in fields", "payload.fields.all(a, payload.fields.all(b, a != '' && b != ''))"],
  ["texts, counted again and again", "payload.items.all(a, payload.faces.size() > 0)"],
  [
    "texts, compared again and again",
    "payload.items.all(a, payload.a == payload.a && !(payload.a < payload.a))",
  ],
  ["a text sought where it nearly is", "payload.items.all(a, !payload.a.contains(payload.worst))"],
  ["a text sought from the end", "payload.items.all(a, payload.a.lastIndexOf('baaaaaaaaaaaaaaaaaaa') < 0)"],
  ["a text in parts", "payload.items.all(a, payload.a.split('').size() > 0)"],
  ["parts with something long between", "payload.a.split('').join(payload.a)"],
  ["letters made small again and again", "payload.items.all(a, payload.ab.upperAscii().lowerAscii() != '')"],
  ["a pattern with many ways to match", "payload.a.matches('^(a+)+$') && payload.a.matches('(a|a)*b')"],
  ["a pattern with many parts", "payload.a.matches('a{1,4000}b')"],
  ["patterns, made again and again", "payload.items.all(a, 'a'.matches('a{1,900}' + string(a)))"],
  ["patterns that are none", "payload.items.exists(a, 'a'.matches('(' + string(a)))"],
  ["a payload as pattern", "'a'.matches(payload.a)"],
  [
    "numbers that grow",
    doubled(
      "3",
      40,
      (name) => `${name} * ${name}`,
      (name) => `${name} > 0`,
    ),
  ],
  ["many sides", Array(49).fill("payload.items.exists(x, x.y)").join(" || ")],
];

describe("no expression takes long or much, whatever it says of whatever body", () => {
  it.each(SLOW)("%s", (_, expression) => {
    const before = process.memoryUsage().heapUsed;
    const began = performance.now();
    fill({ input: expression }, aDelivery({ payload: PAYLOAD }), null);
    expect(performance.now() - began).toBeLessThan(SOON_MS);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(500_000_000);
  });

  it("its steps are for all expressions together", () => {
    const env = Object.fromEntries(SLOW.slice(0, 12).map(([, expression], at) => [`A${at}`, expression]));
    const began = performance.now();
    expect(fill({ env }, aDelivery({ payload: PAYLOAD }), null)).toMatchObject({
      complaint: { path: "map.env.A0", message: "has no value: takes too many steps for this delivery" },
    });
    expect(performance.now() - began).toBeLessThan(SOON_MS);
  });
});

describe("no glob takes long", () => {
  it.each([
    ["many ways to fit", ["**a**a**a**a**a**b", "*a*a*a*a*a*b"]],
    ["as many globs as there can be", Array.from({ length: 50 }, (_, at) => `**/*${at}?[a-z]+x`)],
  ])("%s", (_, globs) => {
    expect(globsComplaint(globs)).toBeNull();
    const paths = Array.from({ length: 20_000 }, (_, at) => `src/${"a".repeat(40)}/${at}`);
    for (const changed of [paths, ["a".repeat(LONG)]]) {
      const began = performance.now();
      const judged = judge({ paths: globs }, aDelivery({ changes: [aChange({ paths: changed })] }));
      expect(performance.now() - began).toBeLessThan(SOON_MS);
      // What can not be told in time is taken.
      expect(judged.verdict).toBe("take");
    }
  });
});

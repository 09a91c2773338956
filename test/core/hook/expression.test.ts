import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/hook/delivery.ts";
import { evaluate } from "../../../src/core/hook/expression/evaluate.ts";
import { jsonOf } from "../../../src/core/hook/expression/json.ts";
import { Meter } from "../../../src/core/hook/expression/meter.ts";
import { parseExpression } from "../../../src/core/hook/expression/parse.ts";
import { fromJson } from "../../../src/core/hook/expression/value.ts";

const PAYLOAD: Json = JSON.parse(`{
  "n": 5, "d": 1.5, "s": "Abc", "l": [1, 2, 3], "none": null, "yes": true, "big": 12345678901234567890,
  "o": {"__proto__": {"x": 1}, "constructor": 7, "z": null, "a b": "c"}
}`);

/** Its value as JSON; or a complaint, of the place where it is put or where it is evaluated. */
function said(
  source: string,
  steps = 100_000,
): { json: Json | undefined } | { put: string } | { run: string } {
  const expression = parseExpression(source);
  if ("complaint" in expression) return { put: expression.complaint };
  const variables = {
    event: "push",
    action: null,
    payload: fromJson(PAYLOAD),
    headers: fromJson({ "x-a": "b" }),
    change: null,
  };
  const meter = new Meter(steps);
  const evaluated = evaluate(expression, variables, meter);
  if ("complaint" in evaluated) return { run: evaluated.complaint };
  const made = jsonOf(evaluated.value, meter);
  return "complaint" in made ? { run: made.complaint } : made;
}

const VALUES: [source: string, value: Json][] = [
  ["payload.n + 1", 6],
  ["payload.n * 2 - 7 % 4 / 2", 9],
  ["-payload.n", -5],
  ["payload.d + 1.0", 2.5],
  ["1.0 / 0.0 > 1.0", true],
  ["payload.n == 5.0", true],
  ["payload.n < 5.5 && payload.d >= 1.5", true],
  ['"a" + "b" + string(payload.n) + string(1.5) + string(true)', "ab51.5true"],
  ['"\\U0001F600".size()', 1],
  ["[1, 2] + [payload.n]", [1, 2, 5]],
  ["payload.l[1]", 2],
  ["payload.l == [1, 2, 3.0]", true],
  ['payload["s"]', "Abc"],
  ['payload.o["a b"]', "c"],
  ['headers["x-a"]', "b"],
  ["2 in payload.l", true],
  ['"n" in payload', true],
  ['"valueOf" in payload', false],
  ["has(payload.o.z)", true],
  ["has(payload.o.y)", false],
  ["payload.?x.?y.orValue(3)", 3],
  ["payload.?none.?y.orValue(3)", 3],
  ["payload.?n.orValue(3)", 5],
  ["payload.l[?7].orValue(0)", 0],
  ["payload.?x.hasValue()", false],
  ["payload.?x.or(payload.?n).value()", 5],
  ["optional.of(1).value()", 1],
  ["payload.yes ? 1 : 2", 1],
  ["!payload.yes", false],
  ["payload.l.map(x, x * 2)", [2, 4, 6]],
  ["payload.l.map(x, x > 1, x * 2)", [4, 6]],
  ["payload.l.filter(x, x > 1).size()", 2],
  ["payload.l.all(x, x > 0)", true],
  ["payload.l.exists(x, x > 3)", false],
  ["payload.l.exists_one(x, x == 1)", true],
  ["payload.o.map(k, k)", ["__proto__", "constructor", "z", "a b"]],
  ["payload.l.map(event, event)", [1, 2, 3]],
  ['cel.bind(x, "a", x + x)', "aa"],
  ['{"a": payload.n, 1: [null], true: {}}', { a: 5, 1: [null], true: {} }],
  ['"a,b,c".split(",")', ["a", "b", "c"]],
  ['"a,b,c".split(",", 2)', ["a", "b,c"]],
  ['["a", "b"].join("-")', "a-b"],
  ['"abcabc".indexOf("c") + "abcabc".indexOf("c", 3) + "abcabc".lastIndexOf("b")', 11],
  ['" aBc ".trim().lowerAscii() + "ä".upperAscii()', "abcä"],
  ['"abc".substring(1) + "abc".substring(0, 1)', "bca"],
  ['"abc".contains("b") && "abc".startsWith("a") && "abc".endsWith("c")', true],
  ['payload.s.matches("^[A-Z]bc$") && !payload.s.matches("x")', true],
  ['int("12") + int(1.9) + int("-3")', 10],
  ['double("1.5") + double(1)', 2.5],
  ['bool("True") && !bool("f")', true],
  ['"b" > "a" && "\\ufb01" < "\\U0001F600"', true],
  ["dyn(1) == dyn('a')", false],
  ["size(payload.l) + size(payload.s) + payload.o.size()", 10],
  // What one side or item says is enough, also if another has no value.
  ["payload.nope == 1 || true", true],
  ["false && payload.nope", false],
  ["payload.l.exists(x, x.y || x == 3)", true],
  ["payload.l.all(x, x.y && x < 0)", false],
];

describe("expressions have CEL's meaning, of JSON", () => {
  it.each(VALUES)("%s", (source, value) => {
    expect(said(source)).toEqual({ json: value });
  });

  it("whole numbers are ints, so far as JSON tells them exactly", () => {
    expect(said("payload.big")).toEqual({ json: 1.2345678901234567e19 });
    expect(said("payload.big + 1.0 > 1.0")).toEqual({ json: true });
    expect(said("9007199254740993")).toEqual({ run: expect.stringContaining("string(…) makes a text") });
    expect(said("string(9007199254740993)")).toEqual({ json: "9007199254740993" });
  });

  it("an optional without a value is none", () => {
    expect(said("payload.?x")).toEqual({ json: undefined });
    expect(said('{"a": payload.?x, "b": 1}')).toEqual({ json: { b: 1 } });
  });
});

describe("names that every object of the platform has are keys like any other", () => {
  it("where the payload has them they are its own", () => {
    expect(said("payload.o.__proto__.x")).toEqual({ json: 1 });
    expect(said('payload.o["__proto__"].x')).toEqual({ json: 1 });
    expect(said("payload.o.constructor")).toEqual({ json: 7 });
  });

  it.each([
    "constructor",
    "toString",
    "hasOwnProperty",
    "__proto__",
    "prototype",
    "valueOf",
    "length",
    "size",
  ])("where it has not there is no %s", (name) => {
    expect(said(`payload.${name}`)).toEqual({ run: `there is no "${name}" (line 1, column 9)` });
    expect(said(`has(payload.${name})`)).toEqual({ json: false });
    expect(said(`payload[?"${name}"].hasValue()`)).toEqual({ json: false });
  });

  it("a map that is made has them, and nothing else is changed by it", () => {
    const made = said('{"__proto__": {"polluted": 1}, "constructor": 2}') as { json: object };
    expect(Object.keys(made.json)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(made.json)).toBe(Object.prototype);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it("none of them is a function or a variable", () => {
    expect(said("constructor")).toEqual({ put: expect.stringContaining("constructor is not known") });
    expect(said("toString()")).toEqual({ put: expect.stringContaining("toString() can not be used here") });
    expect(said("payload.toString()")).toEqual({
      put: expect.stringContaining(".toString() can not be used here"),
    });
    expect(said('"a".constructor("b")')).toEqual({ put: expect.stringContaining("can not be used here") });
    expect(said("constructor.bind(x, 1, x)")).toEqual({ put: expect.stringContaining("is not known") });
  });
});

describe("what is wrong is told, with its place", () => {
  it.each([
    ["", "must be an expression of CEL: Unexpected token: EOF (line 1, column 1)"],
    ["1 +\n  * 2", "must be an expression of CEL: Unexpected token: MULTIPLY (line 2, column 3)"],
    ['"a" + 1', "must be an expression of CEL: no such overload: string + int (line 1, column 1)"],
    [
      "payload.x ==\n  branch",
      "branch is not known; there are event, action, payload, headers, change (line 2, column 3)",
    ],
    [
      "type(1) == int",
      "type() can not be used here; there are has, size, int, double, string, bool, dyn (line 1, column 1)",
    ],
    ["timestamp('2026-01-01T00:00:00Z')", expect.stringContaining("timestamp() can not be used here")],
    [
      "payload.x.replace('a', 'b')",
      expect.stringContaining(".replace() can not be used here; there are size, contains"),
    ],
    ["1u", "bytes and unsigned numbers can not be used here (line 1, column 1)"],
    ['b"a"', "bytes and unsigned numbers can not be used here (line 1, column 1)"],
    [
      '"a".matches("(a")',
      "the pattern must be a regular expression of JavaScript (with the flag u) (line 1, column 13)",
    ],
    ['"a".matches("(a)\\\\1")', expect.stringContaining("can not refer back to a group")],
    ['"a".matches("(a{1,999}){1,999}")', expect.stringContaining("parts with all that it repeats")],
    ["payload.all(x.y, true)", expect.stringContaining("invalid predicate iteration variable")],
    [
      "(".repeat(200) + ")".repeat(200),
      expect.stringContaining("has too many parts or levels; it can have 1000 and 100"),
    ],
    [`[${"1,".repeat(1500)}]`, expect.stringContaining("has too many parts or levels")],
    [Array(150).fill("true").join(" && "), expect.stringContaining("is nested too deeply")],
    [`${"!".repeat(900)}true`, expect.stringContaining("is nested too deeply")],
    ["x".repeat(5000), "has 5000 characters; it can have 4096"],
  ])("where it is put: %s", (source, message) => {
    expect(said(source)).toEqual({ put: message });
  });

  it.each([
    ["payload.nope", 'there is no "nope" (line 1, column 9)'],
    ["payload.n.x", 'int has no "x" (line 1, column 11)'],
    ["payload.none.x", 'null has no "x" (line 1, column 14)'],
    ["change.branch", 'null has no "branch" (line 1, column 8)'],
    ["payload.l[3]", "there is no item 3: the list has 3 (line 1, column 1)"],
    ["payload.l[-1]", "there is no item -1: the list has 3 (line 1, column 1)"],
    [
      "payload.d + 1",
      "double + int has no meaning; int(…) and double(…) make one of the other (line 1, column 1)",
    ],
    ["payload.s < 1", "string < int has no meaning (line 1, column 1)"],
    ["1 / 0", "can not be divided by zero (line 1, column 1)"],
    ["1 % 0", "can not be divided by zero (line 1, column 1)"],
    ["9223372036854775807 + 1", "the number is too large: an int has 64 bits (line 1, column 1)"],
    ["-(-9223372036854775807 - 1)", "the number is too large: an int has 64 bits (line 1, column 1)"],
    ["payload.s ? 1 : 2", 'must be true or false, and is "Abc" (line 1, column 9)'],
    ["payload.s || false", 'must be true or false, and is "Abc" (line 1, column 9)'],
    ["payload.n.map(x, x)", ".map() is of a list or a map, not of int (line 1, column 1)"],
    ["int(payload.s)", 'int() can not be made of "Abc" (line 1, column 1)'],
    [
      "string(payload.l)",
      "string() can not be made of list; it takes a string, a number or a bool (line 1, column 1)",
    ],
    [
      "payload.s.substring(1, 9)",
      "the place 9 is not in the string, which has 3 characters (line 1, column 1)",
    ],
    ["payload.l.join()", ".join() is of strings; item 0 is int (line 1, column 1)"],
    ["payload.?x.value()", "there is no value; orValue(…) gives one in its place (line 1, column 1)"],
    ["payload.n.contains('a')", "int has no .contains() (line 1, column 1)"],
    ["1 in payload.n", "in is of a list or a map, not of int (line 1, column 1)"],
    ["{payload.l: 1}", "a key is a string, an int or a bool (line 1, column 10)"],
    ['{"a": 1, payload.s.substring(0, 0) + "a": 2}', expect.stringContaining('the key "a" is there twice')],
    [
      'payload.s.matches(payload.s + "(")',
      expect.stringContaining("the pattern must be a regular expression"),
    ],
    ["payload.l.exists(x, x.y)", 'int has no "y" (line 1, column 23)'],
  ])("where it is evaluated: %s", (source, message) => {
    expect(said(source)).toEqual({ run: message });
  });
});

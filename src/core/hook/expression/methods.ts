/** Functions and methods of values, each with what it costs. What has no meaning for its values throws a sentence, as `Unfit`. */

import { EXPRESSION_PATTERN_MAX_STATES } from "../../limits.ts";
import { Pattern, TooManySteps as PatternTooLong, patternComplaint } from "../../pattern/match.ts";
import { type Meter, TooManySteps } from "./meter.ts";
import { Search } from "./search.ts";
import { Dict, List, Optional, typeOf, type Value } from "./value.ts";

/** What is wrong with the values that a function was called with. */
export class Unfit extends Error {}

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
/** What bool() takes, as CEL's own do. */
const TRUE = new Set(["1", "t", "true", "TRUE", "True"]);
const FALSE = new Set(["0", "f", "false", "FALSE", "False"]);
/** Steps of a pattern in the time of one of an expression. */
const PATTERN_STEPS_PER_STEP = 3;

export function int(value: bigint): bigint {
  if (value < INT_MIN || value > INT_MAX) throw new Unfit("the number is too large: an int has 64 bits");
  return value;
}

/** size, int, double, string, bool, dyn */
export function callFunction(name: string, value: Value, meter: Meter): Value {
  switch (name) {
    case "dyn":
      return value;
    case "size":
      return sizeOf(value, meter);
    case "int":
      return toInt(value);
    case "double":
      return toDouble(value);
    case "string":
      return toText(value);
    case "bool":
      if (typeof value === "boolean") return value;
      if (typeof value === "string" && TRUE.has(value)) return true;
      if (typeof value === "string" && FALSE.has(value)) return false;
      throw new Unfit(`bool() can not be made of ${shown(value)}; it takes "true" and "false"`);
    default:
      throw new Unfit(`there is no ${name}() of one value`);
  }
}

function sizeOf(value: Value, meter: Meter): bigint {
  if (value instanceof List) return BigInt(value.size);
  if (value instanceof Dict) return BigInt(value.keys(meter).length);
  if (typeof value !== "string") throw new Unfit(`${typeOf(value)} has no size; list, map and string have`);
  meter.spendOnText(8 * value.length);
  let size = 0;
  for (let at = 0; at < value.length; size++) at += (value.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return BigInt(size);
}

function toInt(value: Value): bigint {
  if (typeof value === "bigint") return value;
  // At the edge a double does not tell which int it is.
  if (typeof value === "number" && Math.abs(value) < 2 ** 63) return BigInt(Math.trunc(value));
  if (typeof value === "string" && /^[+-]?\d{1,19}$/.test(value))
    return int(BigInt(value.replace(/^\+/, "")));
  throw new Unfit(`int() can not be made of ${shown(value)}`);
}

function toDouble(value: Value): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (
    typeof value === "string" &&
    /^[+-]?(\d{1,400}(\.\d{0,400})?|\.\d{1,400})(e[+-]?\d{1,4})?$/i.test(value)
  )
    return Number(value);
  throw new Unfit(`double() can not be made of ${shown(value)}`);
}

/** A text, a number or a truth as text. */
export function toText(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean")
    return String(value);
  throw new Unfit(`string() can not be made of ${shown(value)}; it takes a string, a number or a bool`);
}

/** Methods of strings, lists and optionals, with their arguments evaluated. */
export function callMethod(name: string, of: Value, args: readonly Value[], meter: Meter): Value {
  const [first, second] = args;
  switch (name) {
    case "size":
      return sizeOf(of, meter);
    case "join":
      return joined(of, first, meter);
    case "hasValue":
      return optional(name, of).value !== undefined;
    case "value": {
      const { value } = optional(name, of);
      if (value === undefined) throw new Unfit("there is no value; orValue(…) gives one in its place");
      return value;
    }
  }
  const text = textFor(name, "of", of);
  switch (name) {
    case "contains":
      return new Search(textFor(name, "with", first), meter).first(text, 0) >= 0;
    case "startsWith":
      meter.spendOnText(text.length);
      return text.startsWith(textFor(name, "with", first));
    case "endsWith":
      meter.spendOnText(text.length);
      return text.endsWith(textFor(name, "with", first));
    case "matches":
      return matches(text, textFor(name, "with", first), meter);
    case "lowerAscii":
      meter.spendOnText(2 * text.length);
      return text.replace(/[A-Z]+/g, (upper) => upper.toLowerCase());
    case "upperAscii":
      meter.spendOnText(2 * text.length);
      return text.replace(/[a-z]+/g, (lower) => lower.toUpperCase());
    case "trim":
      meter.spendOnText(text.length);
      return text.trim();
    case "indexOf":
      return BigInt(new Search(textFor(name, "with", first), meter).first(text, place(second ?? 0n, text)));
    case "lastIndexOf": {
      const from = second === undefined ? text.length : place(second, text);
      return BigInt(new Search(textFor(name, "with", first), meter).last(text, from));
    }
    case "substring": {
      const from = place(first, text);
      const to = second === undefined ? text.length : place(second, text);
      if (to < from) throw new Unfit(`substring() ends at ${to}, before it begins at ${from}`);
      meter.spendOnText(to - from);
      return text.slice(from, to);
    }
    case "split":
      return split(text, textFor(name, "with", first), second, meter);
    default:
      throw new Unfit(`there is no .${name}() of a string`);
  }
}

function split(text: string, separator: string, limit: Value | undefined, meter: Meter): List {
  if (limit !== undefined && typeof limit !== "bigint")
    throw new Unfit(`split() takes an int as limit, not ${typeOf(limit)}`);
  const most = limit === undefined || limit < 0n ? Number.POSITIVE_INFINITY : Number(limit);
  if (most === 0) return new List([]);
  const parts: string[] = [];
  const search = new Search(separator, meter);
  let at = 0;
  while (parts.length + 1 < most) {
    meter.spend(1);
    const end = separator === "" ? at + 1 : search.first(text, at);
    if (end < 0 || (separator === "" && end >= text.length)) break;
    parts.push(text.slice(at, end));
    at = end + separator.length;
  }
  // Of an empty text without a separator there is no part at all.
  return new List(separator === "" && text === "" ? [] : [...parts, text.slice(at)]);
}

function joined(list: Value, separator: Value | undefined, meter: Meter): string {
  if (!(list instanceof List)) throw new Unfit(`.join() is of a list, not of ${typeOf(list)}`);
  const between = separator === undefined ? "" : textFor("join", "with", separator);
  const texts: string[] = [];
  for (let i = 0; i < list.size; i++) {
    const text = list.at(i);
    if (typeof text !== "string") throw new Unfit(`.join() is of strings; item ${i} is ${typeOf(text)}`);
    meter.spend(1);
    meter.spendOnText(text.length + between.length);
    texts.push(text);
  }
  return texts.join(between);
}

function matches(text: string, source: string, meter: Meter): boolean {
  meter.spendOnText(16 * source.length);
  const complaint = patternComplaint(source, EXPRESSION_PATTERN_MAX_STATES);
  if (complaint !== null) throw new Unfit(`the pattern ${complaint}`);
  const pattern = new Pattern(source);
  meter.spend(pattern.size);
  const steps = { left: PATTERN_STEPS_PER_STEP * meter.left };
  try {
    return pattern.test(text, steps);
  } catch (error) {
    throw error instanceof PatternTooLong ? new TooManySteps() : error;
  } finally {
    meter.left = Math.max(0, Math.floor(steps.left / PATTERN_STEPS_PER_STEP));
  }
}

function optional(name: string, value: Value): Optional {
  if (value instanceof Optional) return value;
  throw new Unfit(`.${name}() is of what .?field gives, not of ${typeOf(value)}`);
}

function textFor(name: string, role: "of" | "with", value: Value | undefined): string {
  if (typeof value === "string") return value;
  const type = typeOf(value ?? null);
  throw new Unfit(role === "of" ? `${type} has no .${name}()` : `.${name}() takes a string, not ${type}`);
}

/** In UTF-16 units, as the library counts them. */
function place(value: Value | undefined, text: string): number {
  if (typeof value !== "bigint")
    throw new Unfit(`a place in a string is an int, not ${typeOf(value ?? null)}`);
  if (value < 0n || value > BigInt(text.length))
    throw new Unfit(`the place ${value} is not in the string, which has ${text.length} characters`);
  return Number(value);
}

/** A value in a sentence: short ones as they are. */
export function shown(value: Value): string {
  if (typeof value === "string")
    return value.length <= 40 ? JSON.stringify(value) : `a string of ${value.length} characters`;
  return value === null || typeof value === "object" ? typeOf(value) : String(value);
}

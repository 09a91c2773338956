/**
 * What an expression says of a delivery. CEL's meaning (https://github.com/google/cel-spec/blob/master/doc/langdef.md), of JSON: every step
 * is counted, and nothing but the values' own fields is ever looked at.
 */

import type { ASTNode } from "@marcbachmann/cel-js";
import { Failure, withPlace } from "./failure.ts";
import { type Meter, TooManySteps } from "./meter.ts";
import { callFunction, callMethod, int, shown, Unfit } from "./methods.ts";
import { type Expression, LOOPS, namespaceOf, type Variable } from "./parse.ts";
import { Dict, isEqual, isNumber, type Key, List, Optional, order, typeOf, type Value } from "./value.ts";

/** Each failure is an Error, which takes the platform some time to make. */
const STEPS_PER_FAILURE = 200;

/** A name that the expression has given a value, and what was known before. */
interface Scope {
  name: string;
  value: Value;
  before: Scope | null;
}

/** A complaint is a sentence that the expression's path can stand before. */
export function evaluate(
  { source, root }: Expression,
  variables: Readonly<Record<Variable, Value>>,
  meter: Meter,
): { value: Value } | { complaint: string } {
  try {
    return { value: new Evaluation(variables, meter).of(root, null) };
  } catch (error) {
    if (error instanceof Failure) return { complaint: withPlace(source, error.at, error.message) };
    if (error instanceof TooManySteps) return { complaint: "takes too many steps for this delivery" };
    throw error;
  }
}

class Evaluation {
  readonly #variables: Readonly<Record<Variable, Value>>;
  readonly #meter: Meter;

  constructor(variables: Readonly<Record<Variable, Value>>, meter: Meter) {
    this.#variables = variables;
    this.#meter = meter;
  }

  of(node: ASTNode, scope: Scope | null): Value {
    this.#meter.spend(1);
    switch (node.op) {
      case "value":
        return node.args as Value;
      case "id":
        return this.#named(node.args, scope);
      case ".":
      case ".?": {
        const [of, field] = node.args;
        return this.#accessed(this.of(of, scope), field, node.op === ".?", node);
      }
      case "[]":
      case "[?]": {
        const [of, index] = node.args;
        return this.#accessed(this.of(of, scope), this.of(index, scope), node.op === "[?]", node);
      }
      case "call":
        return this.#call(node, scope);
      case "rcall":
        return this.#methodCall(node, scope);
      case "list":
        return new List(node.args.map((item) => this.of(item, scope)));
      case "map":
        return this.#map(node, scope);
      case "?:": {
        const [condition, yes, no] = node.args;
        return this.of(this.#truth(condition, scope) ? yes : no, scope);
      }
      case "||":
      case "&&":
        return this.#logical(node.args, node.op === "||", scope);
      case "!_":
        return !this.#truth(node.args, scope);
      case "-_": {
        const value = this.of(node.args, scope);
        if (!isNumber(value)) throw this.#failed(`-${typeOf(value)} has no meaning`, node);
        return typeof value === "bigint" ? this.#fit(node, () => int(-value)) : -value;
      }
      default: {
        const [left, right] = node.args;
        return this.#operated(node, this.of(left, scope), this.of(right, scope));
      }
    }
  }

  #named(name: string, scope: Scope | null): Value {
    for (let known = scope; known !== null; known = known.before) if (known.name === name) return known.value;
    return this.#variables[name as Variable];
  }

  #truth(node: ASTNode, scope: Scope | null): boolean {
    const value = this.of(node, scope);
    if (typeof value === "boolean") return value;
    throw this.#failed(`must be true or false, and is ${shown(value)}`, node);
  }

  /** One side decides where it can, also if the other fails. */
  #logical([left, right]: readonly [ASTNode, ASTNode], deciding: boolean, scope: Scope | null): boolean {
    let failure: Failure | null = null;
    try {
      if (this.#truth(left, scope) === deciding) return deciding;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failure = error;
    }
    if (this.#truth(right, scope) === deciding) return deciding;
    if (failure !== null) throw failure;
    return !deciding;
  }

  #operated(node: ASTNode, left: Value, right: Value): Value {
    switch (node.op) {
      case "==":
        return isEqual(left, right, this.#meter);
      case "!=":
        return !isEqual(left, right, this.#meter);
      case "in":
        return this.#isIn(left, right, node);
      case "<":
      case "<=":
      case ">":
      case ">=":
        return this.#isOrdered(node.op, left, right, node);
    }
    if (node.op === "+") {
      if (typeof left === "string" && typeof right === "string") {
        this.#meter.spendOnText(left.length + right.length);
        return left + right;
      }
      if (left instanceof List && right instanceof List) {
        this.#meter.spend(left.size + right.size);
        return new List([...itemsOf(left), ...itemsOf(right)]);
      }
    }
    if (typeof left === "bigint" && typeof right === "bigint")
      return this.#fit(node, () => int(ofInts(node.op, left, right)));
    if (typeof left === "number" && typeof right === "number" && node.op !== "%")
      return node.op === "+"
        ? left + right
        : node.op === "-"
          ? left - right
          : node.op === "*"
            ? left * right
            : left / right;
    const isMixed = isNumber(left) && isNumber(right);
    const help = isMixed ? "; int(…) and double(…) make one of the other" : "";
    throw this.#failed(`${typeOf(left)} ${node.op} ${typeOf(right)} has no meaning${help}`, node);
  }

  #isIn(value: Value, within: Value, node: ASTNode): boolean {
    if (within instanceof Dict) {
      const key = keyOf(value);
      return key !== null && within.get(key) !== undefined;
    }
    if (!(within instanceof List))
      throw this.#failed(`in is of a list or a map, not of ${typeOf(within)}`, node);
    for (let i = 0; i < within.size; i++) if (isEqual(value, within.at(i), this.#meter)) return true;
    return false;
  }

  #isOrdered(op: "<" | "<=" | ">" | ">=", left: Value, right: Value, node: ASTNode): boolean {
    const ordered = order(left, right, this.#meter);
    if (ordered === null) {
      // NaN is neither less nor more than anything.
      if (isNumber(left) && isNumber(right)) return false;
      throw this.#failed(`${typeOf(left)} ${op} ${typeOf(right)} has no meaning`, node);
    }
    return op === "<" ? ordered < 0 : op === "<=" ? ordered <= 0 : op === ">" ? ordered > 0 : ordered >= 0;
  }

  /** A field, an item or a key's value; of something optional, and by `.?` and `[?]`, something optional. */
  #accessed(of: Value, by: Value, isOptional: boolean, node: ASTNode): Value {
    if (of instanceof Optional) return of.value === undefined ? of : this.#accessed(of.value, by, true, node);
    if (of instanceof List) {
      const index = typeof by === "number" && Number.isInteger(by) ? BigInt(by) : by;
      if (typeof index !== "bigint")
        throw this.#failed(`a list's items have ints for places, not ${typeOf(by)}`, node);
      if (index >= 0n && index < BigInt(of.size)) {
        const item = of.at(Number(index));
        return isOptional ? new Optional(item) : item;
      }
      if (isOptional) return new Optional(undefined);
      throw this.#failed(`there is no item ${index}: the list has ${of.size}`, node);
    }
    if (of instanceof Dict) {
      const key = keyOf(by);
      if (key === null) throw this.#failed(`${typeOf(by)} can not be a key`, node);
      const value = of.get(key);
      if (isOptional) return new Optional(value);
      if (value === undefined) throw this.#failed(`there is no ${shown(key)}`, node);
      return value;
    }
    // Much in payloads is null where it is not told.
    if (of === null && isOptional) return new Optional(undefined);
    throw this.#failed(`${typeOf(of)} has no ${shown(by)}`, node);
  }

  #map(node: ASTNode & { op: "map" }, scope: Scope | null): Dict {
    const values = new Map<Key, Value>();
    for (const [keyNode, valueNode] of node.args) {
      const key = keyOf(this.of(keyNode, scope));
      if (key === null) throw this.#failed("a key is a string, an int or a bool", keyNode);
      if (values.has(key)) throw this.#failed(`the key ${shown(key)} is there twice`, keyNode);
      values.set(key, this.of(valueNode, scope));
    }
    return new Dict(values);
  }

  #call(node: ASTNode & { op: "call" }, scope: Scope | null): Value {
    const [name, [arg]] = node.args;
    if (arg === undefined) throw this.#failed(`${name}() takes a value`, node);
    if (name === "has") return this.#has(arg, scope);
    const value = this.of(arg, scope);
    return this.#fit(node, () => callFunction(name, value, this.#meter));
  }

  #has(arg: ASTNode, scope: Scope | null): boolean {
    if (arg.op !== "." && arg.op !== ".?") throw this.#failed("has() takes a field: has(payload.name)", arg);
    const [of, field] = arg.args;
    const found = this.#accessed(this.of(of, scope), field, true, arg);
    return found instanceof Optional && found.value !== undefined;
  }

  #methodCall(node: ASTNode & { op: "rcall" }, scope: Scope | null): Value {
    const [name, receiver, args] = node.args;
    const space = namespaceOf(receiver, { has: (each) => isBound(each, scope) });
    if (space === "optional") return new Optional(args[0] && this.of(args[0], scope));
    if (space === "cel") return this.#bound(node, args, scope);
    const of = this.of(receiver, scope);
    if (LOOPS.has(name)) return this.#loop(node, of, scope);
    if (of instanceof Optional && (name === "or" || name === "orValue")) {
      const [other] = args;
      if (of.value !== undefined || other === undefined) return name === "or" ? of : (of.value ?? null);
      return this.of(other, scope);
    }
    const values = args.map((arg) => this.of(arg, scope));
    return this.#fit(node, () => callMethod(name, of, values, this.#meter));
  }

  #bound(node: ASTNode, args: readonly ASTNode[], scope: Scope | null): Value {
    const [name, value, inside] = args;
    if (name?.op !== "id" || value === undefined || inside === undefined)
      throw this.#failed("cel.bind() takes a name, its value and an expression", node);
    return this.of(inside, { name: name.args, value: this.of(value, scope), before: scope });
  }

  /** all, exists, exists_one, map and filter: of a list its items, of a map its keys. */
  #loop(node: ASTNode & { op: "rcall" }, of: Value, scope: Scope | null): Value {
    const [name, , [variable, body, then]] = node.args;
    if (variable?.op !== "id" || body === undefined)
      throw this.#failed(`.${name}() takes a name and an expression`, node);
    if (!(of instanceof List || of instanceof Dict))
      throw this.#failed(`.${name}() is of a list or a map, not of ${typeOf(of)}`, node);
    const items = of instanceof List ? null : of.keys(this.#meter);
    const count = of instanceof List ? of.size : (items?.length ?? 0);
    const within = (i: number): Scope => {
      this.#meter.spend(1);
      return {
        name: variable.args,
        value: of instanceof List ? of.at(i) : (items?.[i] ?? null),
        before: scope,
      };
    };
    if (name === "all" || name === "exists") return this.#quantified(name === "exists", count, body, within);
    const taken: Value[] = [];
    for (let i = 0; i < count; i++) {
      const inner = within(i);
      if (name === "map" && then === undefined) taken.push(this.of(body, inner));
      else if (this.#truth(body, inner)) taken.push(then === undefined ? inner.value : this.of(then, inner));
    }
    return name === "exists_one" ? taken.length === 1 : new List(taken);
  }

  /** One item decides where it can, also if others fail. */
  #quantified(deciding: boolean, count: number, body: ASTNode, within: (i: number) => Scope): boolean {
    let failure: Failure | null = null;
    for (let i = 0; i < count; i++)
      try {
        if (this.#truth(body, within(i)) === deciding) return deciding;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        failure ??= error;
      }
    if (failure !== null) throw failure;
    return !deciding;
  }

  #fit(node: ASTNode, made: () => Value): Value {
    try {
      return made();
    } catch (error) {
      if (error instanceof Unfit) throw this.#failed(error.message, node);
      throw error;
    }
  }

  #failed(message: string, node: ASTNode): Failure {
    this.#meter.spend(STEPS_PER_FAILURE);
    return new Failure(message, node.pos);
  }
}

function isBound(name: string, scope: Scope | null): boolean {
  for (let known = scope; known !== null; known = known.before) if (known.name === name) return true;
  return false;
}

function itemsOf(list: List): Value[] {
  return Array.from({ length: list.size }, (_, i) => list.at(i));
}

/** Null for what can not be one. A whole double is as good as an int. */
function keyOf(value: Value): Key | null {
  if (typeof value === "string" || typeof value === "bigint" || typeof value === "boolean") return value;
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : null;
}

function ofInts(op: ASTNode["op"], left: bigint, right: bigint): bigint {
  if ((op === "/" || op === "%") && right === 0n) throw new Unfit("can not be divided by zero");
  return op === "+"
    ? left + right
    : op === "-"
      ? left - right
      : op === "*"
        ? left * right
        : op === "/"
          ? left / right
          : left % right;
}

/**
 * Reads expressions of CEL, the Common Expression Language (https://cel.dev). The library reads and checks their types; what evaluates them
 * is `evaluate.ts`, as the library has no bound on the time and memory that this takes, gives patterns to the platform's own regular
 * expressions, and leaves out keys such as "constructor".
 */

import {
  type ASTNode,
  Environment,
  type ParseError,
  type TypeError as TypeFault,
} from "@marcbachmann/cel-js";
import {
  EXPRESSION_MAX_CHARS,
  EXPRESSION_MAX_LEVELS,
  EXPRESSION_MAX_PARTS,
  EXPRESSION_PATTERN_MAX_STATES,
} from "../../limits.ts";
import { patternComplaint } from "../../pattern/match.ts";
import { Failure, withPlace } from "./failure.ts";

/** What expressions can speak of, and its type. */
const VARIABLES = {
  event: "string",
  action: "dyn",
  payload: "dyn",
  headers: "map<string, string>",
  change: "dyn",
} as const;
export type Variable = keyof typeof VARIABLES;

/** Of functions and methods those that are bounded, and have a meaning for JSON. */
const FUNCTIONS = new Set(["has", "size", "int", "double", "string", "bool", "dyn"]);
const METHODS = new Set([
  ...["size", "contains", "startsWith", "endsWith", "matches", "lowerAscii", "upperAscii", "trim"],
  ...["indexOf", "lastIndexOf", "substring", "split", "join"],
  ...["hasValue", "value", "or", "orValue"],
]);
/** Those whose first argument is a name for each item. */
export const LOOPS: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "map", "filter"]);
/** What begins with a name that is no variable: "cel.bind(name, value, expression)". */
const NAMED: Readonly<Record<string, ReadonlySet<string>>> = {
  cel: new Set(["bind"]),
  optional: new Set(["none", "of"]),
};

const environment = Object.entries(VARIABLES).reduce(
  (all, [name, type]) => all.registerVariable(name, type),
  new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: EXPRESSION_MAX_PARTS, maxDepth: EXPRESSION_MAX_LEVELS },
  }),
);

export interface Expression {
  source: string;
  root: ASTNode;
  /** As CEL names it; "dyn" where it shows with the values. */
  type: string;
}

/** A complaint is a sentence that the expression's path can stand before. */
export function parseExpression(source: string): Expression | { complaint: string } {
  if (source.length > EXPRESSION_MAX_CHARS)
    return { complaint: `has ${source.length} characters; it can have ${EXPRESSION_MAX_CHARS}` };
  try {
    // A copy, as what one expression makes of types would stay for all others.
    const parsed = environment.clone().parse(source);
    if (levelsOf(parsed.ast) > EXPRESSION_MAX_LEVELS) return { complaint: TOO_DEEP };
    refuseUnbounded(parsed.ast, new Set());
    const checked = parsed.check();
    if (!checked.valid) return { complaint: told(source, checked.error) };
    return { source, root: parsed.ast, type: checked.type ?? "dyn" };
  } catch (error) {
    if (error instanceof Failure) return { complaint: withPlace(source, error.at, error.message) };
    // Before its levels are counted an expression was read, which goes as deep.
    if (error instanceof RangeError) return { complaint: TOO_DEEP };
    return { complaint: told(source, error as ParseError) };
  }
}

const TOO_DEEP = `is nested too deeply: it can have ${EXPRESSION_MAX_LEVELS} levels, of which each operator in a row is one`;

/** What the library says, without the picture of the place that it draws. */
function told(source: string, error: ParseError | TypeFault | undefined): string {
  const at = error?.range?.start ?? 0;
  if (error?.code === "limit_exceeded")
    return withPlace(
      source,
      at,
      `has too many parts or levels; it can have ${EXPRESSION_MAX_PARTS} and ${EXPRESSION_MAX_LEVELS}`,
    );
  const summary = error?.summary ?? error?.message ?? "can not be read";
  return withPlace(source, at, `must be an expression of CEL: ${summary}`);
}

/** The parts that a part is made of. */
export function partsOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case "value":
    case "id":
      return [];
    case ".":
    case ".?":
      return [node.args[0]];
    case "call":
      return node.args[1];
    case "rcall":
      return [node.args[1], ...node.args[2]];
    case "map":
      return node.args.flat();
    case "!_":
    case "-_":
      return [node.args];
    default:
      return node.args;
  }
}

function levelsOf(root: ASTNode): number {
  let levels = 0;
  for (let row: readonly ASTNode[] = [root]; row.length > 0; row = row.flatMap(partsOf)) levels += 1;
  return levels;
}

/** @throws Failure for what CEL has and hooks do not */
function refuseUnbounded(node: ASTNode, bound: ReadonlySet<string>): void {
  switch (node.op) {
    case "value":
      if (typeof node.args === "object" && node.args !== null)
        throw new Failure("bytes and unsigned numbers can not be used here", node.pos);
      return;
    case "id":
      if (!bound.has(node.args) && !Object.hasOwn(VARIABLES, node.args))
        throw new Failure(`${node.args} is not known; there are ${listed(Object.keys(VARIABLES))}`, node.pos);
      return;
    case "call":
      if (!FUNCTIONS.has(node.args[0]))
        throw new Failure(`${node.args[0]}() can not be used here; there are ${listed(FUNCTIONS)}`, node.pos);
      break;
    case "rcall":
      refuseUnboundedCall(node, bound);
      return;
  }
  for (const part of partsOf(node)) refuseUnbounded(part, bound);
}

function refuseUnboundedCall(node: ASTNode & { op: "rcall" }, bound: ReadonlySet<string>): void {
  const [name, receiver, args] = node.args;
  const [first, ...others] = args;
  const binds = first?.op === "id" ? new Set([...bound, first.args]) : bound;
  const space = namespaceOf(receiver, bound);
  if (space !== null) {
    if (!NAMED[space]?.has(name)) throw new Failure(`${space}.${name}() can not be used here`, node.pos);
    if (space !== "cel") for (const part of args) refuseUnbounded(part, bound);
    else {
      // A name, its value, and what the name is for; the library sees to it that they are.
      const [value, inside] = others;
      if (value !== undefined) refuseUnbounded(value, bound);
      if (inside !== undefined) refuseUnbounded(inside, binds);
    }
    return;
  }
  refuseUnbounded(receiver, bound);
  if (LOOPS.has(name)) {
    for (const part of others) refuseUnbounded(part, binds);
    return;
  }
  if (!METHODS.has(name))
    throw new Failure(
      `.${name}() can not be used here; there are ${listed([...METHODS, ...LOOPS])}`,
      node.pos,
    );
  if (name === "matches" && first?.op === "value" && typeof first.args === "string") {
    const complaint = patternComplaint(first.args, EXPRESSION_PATTERN_MAX_STATES);
    if (complaint !== null) throw new Failure(`the pattern ${complaint}`, first.pos);
  }
  for (const part of args) refuseUnbounded(part, bound);
}

/** "cel" of `cel.bind(…)`; null where the name is one that the expression has given itself. */
export function namespaceOf(receiver: ASTNode, bound: { has(name: string): boolean }): string | null {
  return receiver.op === "id" && Object.hasOwn(NAMED, receiver.args) && !bound.has(receiver.args)
    ? receiver.args
    : null;
}

function listed(names: Iterable<string>): string {
  return [...names].join(", ");
}

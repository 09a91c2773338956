/** Which headers the rules of a hook look at. */

import type { ASTNode } from "@marcbachmann/cel-js";
import type { HookDedupe, HookFilter, HookMap } from "../spec.ts";
import { parseExpression, partsOf } from "./parse.ts";

/** All that a hook's expressions name, and its setting. A name that is not in an expression itself, but made by it, is not known before it is evaluated. */
export function namedHeaders(
  { if: condition }: HookFilter,
  { env = {}, input = {} }: HookMap,
  dedupe: HookDedupe | null,
): ReadonlySet<string> {
  const sources = [
    ...(condition === undefined ? [] : [condition]),
    ...Object.values(env),
    ...(typeof input === "string" ? [input] : Object.values(input)),
    ...(dedupe !== null && "expression" in dedupe ? [dedupe.expression] : []),
  ].filter((source) => source.includes("headers"));
  const names = sources.flatMap((source) => {
    const expression = parseExpression(source);
    return "complaint" in expression ? [] : headersIn(expression.root);
  });
  return new Set(dedupe !== null && "header" in dedupe ? [...names, dedupe.header.toLowerCase()] : names);
}

/** Those of one expression: headers["x-topic"], headers.topic, has(headers.topic), "x-topic" in headers. */
export function headersIn(node: ASTNode): string[] {
  return [...headerOf(node), ...partsOf(node).flatMap(headersIn)];
}

function headerOf(node: ASTNode): string[] {
  const isHeaders = (of: ASTNode) => of.op === "id" && of.args === "headers";
  const textOf = (of: ASTNode) => (of.op === "value" && typeof of.args === "string" ? [of.args] : []);
  switch (node.op) {
    case ".":
    case ".?":
      return isHeaders(node.args[0]) ? [node.args[1]] : [];
    case "[]":
    case "[?]":
      return isHeaders(node.args[0]) ? textOf(node.args[1]) : [];
    case "in":
      return isHeaders(node.args[1]) ? textOf(node.args[0]) : [];
    default:
      return [];
  }
}

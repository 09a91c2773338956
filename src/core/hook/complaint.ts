/** What is wrong with a hook's rules, for whoever puts them. */

import { HOOK_EVENT_MAX_CHARS } from "../limits.ts";
import type { ComplainOfHook, HookComplaint } from "./delivery.ts";
import { headersIn } from "./expression/named-headers.ts";
import { parseExpression } from "./expression/parse.ts";
import { globsComplaint } from "./glob.ts";
import { isSecretHeader } from "./secret-header.ts";
import type { HookDedupe, HookFilter, HookMap } from "./spec.ts";

export const hookComplaint: ComplainOfHook = (filter, map, dedupe) =>
  ofFilter(filter) ?? ofMap(map) ?? ofDedupe(dedupe);

function ofFilter(filter: HookFilter): HookComplaint | null {
  for (const [index, event] of (filter.events ?? []).entries())
    if (!/^[^\s*]+$|^[^\s*]*[.:]\*$/.test(event) || event.length > HOOK_EVENT_MAX_CHARS)
      return {
        path: `events[${index}]`,
        message: `must be a sender's name of an event, such as "push", "pull_request.labeled" or "pull_request.*", of up to ${HOOK_EVENT_MAX_CHARS} characters`,
      };
  for (const field of ["branches", "tags", "paths"] as const) {
    const complaint = globsComplaint(filter[field] ?? []);
    if (complaint !== null) return { path: `${field}[${complaint.index}]`, message: complaint.message };
  }
  return filter.if === undefined ? null : ofExpression("if", filter.if, "bool");
}

function ofMap({ env, input }: HookMap): HookComplaint | null {
  for (const [name, source] of Object.entries(env ?? {})) {
    const complaint = ofExpression(`map.env.${name}`, source, "text");
    if (complaint !== null) return complaint;
  }
  if (typeof input === "string") return ofExpression("map.input", input, "any");
  for (const [name, source] of Object.entries(input ?? {})) {
    const complaint = ofExpression(`map.input.${name}`, source, "any");
    if (complaint !== null) return complaint;
  }
  return null;
}

function ofDedupe(dedupe: HookDedupe | null): HookComplaint | null {
  if (dedupe === null) return null;
  if ("expression" in dedupe) return ofExpression("dedupe.expression", dedupe.expression, "text");
  return isSecretHeader(dedupe.header)
    ? {
        path: "dedupe.header",
        message: "must not be a header with a secret in it, as a delivery's id is shown",
      }
    : null;
}

function ofExpression(path: string, source: string, wanted: "bool" | "text" | "any"): HookComplaint | null {
  const expression = parseExpression(source);
  if ("complaint" in expression) return { path, message: expression.complaint };
  const { type, root } = expression;
  const secret = headersIn(root).find(isSecretHeader);
  if (secret !== undefined)
    return { path, message: `can not use the header ${secret}, which can be a secret: it is not kept` };
  if (wanted === "bool" && type !== "bool" && type !== "dyn")
    return { path, message: `must be true or false, and is of the type ${type}` };
  if (wanted === "text" && /^(list|map)\b/.test(type))
    return { path, message: `must be a text, a number or true/false, and is of the type ${type}` };
  return null;
}

/** What routes need of a request, read leniently: clients differ in what they send with an empty body. */

import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { ApiError, invalid, machineNotFound } from "./error.ts";
import type { Machine } from "./machines/machine.ts";
import type { Registry } from "./machines/registry.ts";

export type Call = Context<{ Bindings: HttpBindings }>;

/** The body as an object: an empty one with or without a content type is `{}` (fly-admin, fly-go), malformed is 400. */
export async function bodyOf(c: Call): Promise<Record<string, unknown>> {
  const text = await c.req.text();
  if (text.trim() === "") return {};
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new ApiError(400, `failed to parse request body: ${(error as Error).message}`);
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new ApiError(400, "failed to parse request body: it is not a JSON object");
  return body as Record<string, unknown>;
}

export function machineOf(c: Call, registry: Registry): Machine {
  const machine = registry.get(c.req.param("app") ?? "", c.req.param("id") ?? "");
  if (machine === null) throw machineNotFound();
  return machine;
}

/** What Go reads as a boolean (strconv.ParseBool); other clients write "True" and "False". */
const ON = ["1", "t", "true"];
const OFF = ["0", "f", "false"];

/** A query flag: `?force=true`, `?force=1` and a bare `?force` are on. @throws ApiError 400 for what is neither on nor off */
export function flag(c: Call, name: string): boolean {
  const value = c.req.query(name)?.toLowerCase();
  if (value === undefined || OFF.includes(value)) return false;
  if (value === "" || ON.includes(value)) return true;
  throw invalid(`${name}: true or false is expected, and not ${JSON.stringify(value)}`);
}

/** The words of a comma list in the query. */
export function words(list: string | undefined): string[] {
  return (list ?? "").split(",").filter(Boolean);
}

/** Fires when the client closes the connection before it has its answer. */
export function clientLeft(c: Call): AbortSignal {
  const controller = new AbortController();
  const { outgoing } = c.env;
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) controller.abort();
  });
  if (outgoing.destroyed) controller.abort();
  return controller.signal;
}

/** 405 for a path that exists and a method that it does not have (RFC 9110, 15.5.6). */

import type { OpenAPIHono } from "@hono/zod-openapi";
import { AppError } from "../core/error.ts";

/** Answers every other method on the app's paths with what each of them allows. Comes after all routes. */
export function refuseOtherMethods(app: OpenAPIHono): void {
  for (const [path, methods] of methodsByPath(app)) {
    const allowed = [...methods].toSorted().join(", ");
    app.all(path, (c) => {
      c.header("allow", allowed);
      throw new AppError("method_not_allowed", `${c.req.method} is not possible here; possible: ${allowed}`);
    });
  }
}

function methodsByPath(app: OpenAPIHono): Map<string, Set<string>> {
  const byPath = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    if (method === "ALL") continue;
    const methods = byPath.get(path) ?? new Set();
    methods.add(method);
    // Hono answers HEAD by what answers GET.
    if (method === "GET") methods.add("HEAD");
    byPath.set(path, methods);
  }
  return byPath;
}

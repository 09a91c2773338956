/** GET /v1/runs/{id}: one run with its attempts. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { lookAfter } from "../../flow/look-after.ts";
import type { ApiPorts } from "../ports.ts";
import { runSchema } from "../run-schema.ts";
import { COMMON_ERRORS, errorAnswer, loadRun, runIdParam, shownRun } from "./answers.ts";

const route = createRoute({
  method: "get",
  path: "/v1/runs/{id}",
  summary: "Show a run",
  request: { params: runIdParam },
  responses: {
    200: { description: "the run with its attempts", content: { "application/json": { schema: runSchema } } },
    ...COMMON_ERRORS,
    404: errorAnswer("there is no such run"),
  },
});

export function showRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => {
    const state = await loadRun(ports.store, c.req.valid("param").id);
    await lookAfter(ports, state);
    return c.json(await shownRun(ports, state), 200);
  });
}

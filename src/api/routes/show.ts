/** GET /v1/runs/{id}: one run with its attempts. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { ApiPorts } from "../ports.ts";
import { runBody } from "../run-body.ts";
import { runSchema } from "../run-schema.ts";
import { COMMON_ERRORS, errorAnswer, loadRun, runIdParam } from "./answers.ts";

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

export function showRoute(app: OpenAPIHono, { store }: ApiPorts): void {
  app.openapi(route, async (c) => c.json(runBody(await loadRun(store, c.req.valid("param").id)), 200));
}

/** POST /v1/runs/{id}/cancel: ask a run to end. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { cancel } from "../../flow/cancel.ts";
import type { ApiPorts } from "../ports.ts";
import { runSchema } from "../run-schema.ts";
import { COMMON_ERRORS, errorAnswer, loadRun, runIdParam, shownRun } from "./answers.ts";

const route = createRoute({
  method: "post",
  path: "/v1/runs/{id}/cancel",
  summary: "Cancel a run",
  description:
    "The command gets a stop signal and, after timeouts.stop, a kill. Asking again changes nothing.",
  request: { params: runIdParam },
  responses: {
    202: { description: "asked", content: { "application/json": { schema: runSchema } } },
    ...COMMON_ERRORS,
    404: errorAnswer("there is no such run"),
    409: errorAnswer("the run is final already; error.run_status tells how it ended"),
  },
});

export function cancelRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => {
    const { run } = await loadRun(ports.store, c.req.valid("param").id);
    return c.json(await shownRun(ports, await cancel(ports, run.id)), 202);
  });
}

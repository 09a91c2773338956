/** What is open to everybody: GET /healthz, and GET /openapi.json, the document made from the schemas that validate. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { errorAnswer } from "./answers.ts";

const NOT_CONFIGURED = errorAnswer("the deployment is not configured; message tells what is missing");

const health = createRoute({
  method: "get",
  path: "/healthz",
  summary: "Tell that the worker answers",
  security: [],
  responses: {
    200: {
      description: "it does",
      content: { "application/json": { schema: z.object({ ok: z.literal(true) }) } },
    },
    503: NOT_CONFIGURED,
  },
});

const document = createRoute({
  method: "get",
  path: "/openapi.json",
  summary: "Show this document",
  security: [],
  responses: {
    200: {
      description: "OpenAPI 3.1",
      content: { "application/json": { schema: z.looseObject({ openapi: z.string() }) } },
    },
    503: NOT_CONFIGURED,
  },
});

/** Comes after all routes of the API: the document describes those that are there. */
export function openRoutes(app: OpenAPIHono): void {
  app.openapi(health, (c) => c.json({ ok: true } as const, 200));
  app.openAPIRegistry.registerPath(document);
  app.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  app.doc31(document.path, {
    openapi: "3.1.0",
    info: {
      title: "Mayfly",
      version: "1",
      description:
        "Runs any container as a job, on a machine that lives only for that job. A path that does not exist answers 404 and another method 405 with Allow, both in the shape of Error.",
    },
    security: [{ token: [] }],
  });
}

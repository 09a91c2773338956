/**
 * What is open to everybody: GET /healthz, and what is made from the schemas that validate: GET /openapi.json, and GET /mayfly.schema.json for
 * editors.
 */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { JOBS_FILE_SCHEMA_PATH, jobsFileJsonSchema } from "../jobs-file-schema.ts";
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

const jobsFile = createRoute({
  method: "get",
  path: JOBS_FILE_SCHEMA_PATH,
  summary: "Show the JSON Schema of mayfly.yaml",
  security: [],
  responses: {
    200: {
      description: "JSON Schema 2020-12",
      content: { "application/schema+json": { schema: z.looseObject({ $schema: z.string() }) } },
    },
    503: NOT_CONFIGURED,
  },
});

/** Comes after all routes of the API: the document describes those that are there. */
export function openRoutes(app: OpenAPIHono): void {
  app.openapi(health, (c) => c.json({ ok: true } as const, 200));
  app.openAPIRegistry.registerPath(jobsFile);
  // Editors in browsers ask for it, too.
  app.get(jobsFile.path, (c) =>
    c.body(JSON.stringify(jobsFileJsonSchema()), 200, {
      "content-type": "application/schema+json",
      "access-control-allow-origin": "*",
      "cache-control": "public, max-age=300",
    }),
  );
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

/** POST /v1/runs: submit a run. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { parseJsonOfRepeat } from "../json-body.ts";
import type { ApiPorts } from "../ports.ts";
import { runSpecSchema } from "../spec-schema.ts";
import { answerSubmission, SUBMISSION_ANSWERS, submissionHeaders } from "./submission.ts";

const route = createRoute({
  method: "post",
  path: "/v1/runs",
  summary: "Submit a run",
  request: {
    headers: submissionHeaders,
    body: { required: true, content: { "application/json": { schema: runSpecSchema } } },
  },
  responses: SUBMISSION_ANSWERS,
});

export function submitRoute(app: OpenAPIHono, ports: ApiPorts): void {
  // The body is read here and not by the route's validator: its bytes are hashed, and JSON is asked for whatever the content type says.
  app.openAPIRegistry.registerPath(route);
  app.post(route.path, (c) =>
    answerSubmission(c, ports, (body) => ({ input: parseJsonOfRepeat(body), originId: null })),
  );
}

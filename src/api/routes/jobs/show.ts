/** GET /v1/jobs/{name}: one job with the version in force. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { jobBody } from "../../job-body.ts";
import { jobSchema } from "../../job-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS } from "../answers.ts";
import { jobParam, loadJob, UNKNOWN_JOB } from "./answers.ts";

const route = createRoute({
  method: "get",
  path: "/v1/jobs/{name}",
  summary: "Show a job",
  request: { params: jobParam },
  responses: {
    200: { description: "as it was put", content: { "application/json": { schema: jobSchema } } },
    ...COMMON_ERRORS,
    ...UNKNOWN_JOB,
  },
});

export function showJobRoute(app: OpenAPIHono, { jobs, orgId }: ApiPorts): void {
  app.openapi(route, async (c) =>
    c.json(jobBody(await loadJob(jobs, orgId, c.req.valid("param").name)), 200),
  );
}

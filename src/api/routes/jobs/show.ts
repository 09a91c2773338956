/** GET /v1/jobs/{name}: one job with the version in force. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { alertBody } from "../../alert-schema.ts";
import { jobBody } from "../../job-body.ts";
import { shownJobSchema } from "../../job-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS } from "../answers.ts";
import { jobParam, loadJob, UNKNOWN_JOB } from "./answers.ts";

const route = createRoute({
  method: "get",
  path: "/v1/jobs/{name}",
  summary: "Show a job",
  request: { params: jobParam },
  responses: {
    200: { description: "as it was put", content: { "application/json": { schema: shownJobSchema } } },
    ...COMMON_ERRORS,
    ...UNKNOWN_JOB,
  },
});

export function showJobRoute(app: OpenAPIHono, { jobs, alerts, orgId }: ApiPorts): void {
  app.openapi(route, async (c) => {
    const { name } = c.req.valid("param");
    const [job, last] = await Promise.all([loadJob(jobs, orgId, name), alerts.last(orgId, name)]);
    return c.json({ ...jobBody(job), last_alert: last && alertBody(last) }, 200);
  });
}

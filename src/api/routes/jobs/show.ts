/** GET /v1/jobs/{name}: one job with the version in force. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { FOLLOWERS_SHOWN_MAX } from "../../../core/limits.ts";
import { alertBody } from "../../alert-schema.ts";
import { jobBody } from "../../job-body.ts";
import { type ShownJobBody, shownJobSchema } from "../../job-schema.ts";
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

export function showJobRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => c.json(await shownJob(ports, c.req.valid("param").name), 200));
}

/** @throws AppError `not_found` */
export async function shownJob(
  { jobs, alerts, orgId }: Pick<ApiPorts, "jobs" | "alerts" | "orgId">,
  name: string,
): Promise<ShownJobBody> {
  const [job, followers, last] = await Promise.all([
    loadJob(jobs, orgId, name),
    jobs.followers(orgId, name, FOLLOWERS_SHOWN_MAX),
    alerts.last(orgId, name),
  ]);
  return { ...jobBody(job), followed_by: followers, last_alert: last && alertBody(last) };
}

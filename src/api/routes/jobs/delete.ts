/** DELETE /v1/jobs/{name}: no run of it is started any more. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { deleteJob, expectVersion } from "../../../flow/change-job.ts";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS } from "../answers.ts";
import { changeSchedules } from "../schedules/change-schedules.ts";
import { expectedVersionQuery, jobParam, loadJob, OTHER_VERSION, UNKNOWN_JOB } from "./answers.ts";

const route = createRoute({
  method: "delete",
  path: "/v1/jobs/{name}",
  summary: "Delete a job",
  description:
    "Its versions and its runs stay, and runs that are at work go on. A job that is put under the name later goes on counting its versions.",
  request: { params: jobParam, query: expectedVersionQuery },
  responses: { 204: { description: "deleted" }, ...COMMON_ERRORS, ...UNKNOWN_JOB, ...OTHER_VERSION },
});

export function deleteJobRoute(app: OpenAPIHono, ports: ApiPorts): void {
  const { jobs, orgId } = ports;
  app.openapi(route, async (c) => {
    const { name } = c.req.valid("param");
    const expected = c.req.valid("query").expected_version ?? null;
    const isDeleted = await changeSchedules(ports, name, () => deleteJob(ports, orgId, name, expected));
    if (!isDeleted) expectVersion(expected, (await loadJob(jobs, orgId, name)).job, name);
    return c.body(null, 204);
  });
}

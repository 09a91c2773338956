/** PUT /v1/jobs/{name}: define a job, or change it. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { changeJob, type JobChange } from "../../../flow/change-job.ts";
import { checked } from "../../checked.ts";
import { changedJobBody } from "../../job-body.ts";
import { checkedDefinition, meansTheSame } from "../../job-definition.ts";
import { jobDefinitionSchema } from "../../job-schema.ts";
import { parseJson } from "../../json-body.ts";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS, errorAnswer } from "../answers.ts";
import { changeSchedules } from "../schedules/change-schedules.ts";
import { changedAnswer, expectedVersionQuery, followedJobs, jobParam, OTHER_VERSION } from "./answers.ts";
import { checkReportTargets } from "./report-targets.ts";

const route = createRoute({
  method: "put",
  path: "/v1/jobs/{name}",
  summary: "Define a job, or change it",
  description:
    "Each change is a version with the next number, and runs keep the one that they were made from. A definition that means the same as the one in force makes no version. A deleted job of the name comes back and goes on counting.",
  request: {
    params: jobParam,
    query: expectedVersionQuery,
    body: { required: true, content: { "application/json": { schema: jobDefinitionSchema } } },
  },
  responses: {
    200: changedAnswer("changed, or as it was"),
    201: changedAnswer("new"),
    ...COMMON_ERRORS,
    ...OTHER_VERSION,
    400: errorAnswer("the body is not JSON"),
    413: errorAnswer("the body is too large"),
  },
});

export function putJobRoute(app: OpenAPIHono, ports: ApiPorts): void {
  // JSON is asked for whatever the content type says, as where a run is submitted.
  app.openAPIRegistry.registerPath(route);
  app.put("/v1/jobs/:name", async (c) => {
    const { name } = checked(jobParam, c.req.param(), "path");
    const query = checked(expectedVersionQuery, c.req.query(), "query");
    const { definition, schedules, hooks } = checkedDefinition(parseJson(await c.req.arrayBuffer()), name);
    await checkReportTargets(ports, hooks);
    const change: JobChange = {
      orgId: ports.orgId,
      name,
      definition,
      schedules,
      hooks: hooks.map((spec) => ({ id: ports.ids.hookId(), spec })),
      change: { kind: "put" },
      expectedVersion: query.expected_version ?? null,
      means: (inForce) => meansTheSame(inForce, definition, name),
    };
    const changed = await changeSchedules(ports, name, () => changeJob(ports, change));
    return c.json(
      changedJobBody(changed, schedules, ports.clock.now(), await followedJobs(ports, changed)),
      changed.outcome === "created" ? 201 : 200,
    );
  });
}

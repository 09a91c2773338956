/** POST /v1/jobs/{name}/rollback: put an earlier version into force again. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ScheduleSpec } from "../../../core/schedule/spec.ts";
import { type ChangedJob, changeJob, type JobChange } from "../../../flow/change-job.ts";
import { checked } from "../../checked.ts";
import { changedJobBody } from "../../job-body.ts";
import { checkedDefinition, meansTheSame } from "../../job-definition.ts";
import { parseJson } from "../../json-body.ts";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS, errorAnswer } from "../answers.ts";
import { changeSchedules } from "../schedules/change-schedules.ts";
import {
  changedAnswer,
  expectedVersionQuery,
  followedJobs,
  jobParam,
  loadJob,
  loadVersion,
  OTHER_VERSION,
  UNKNOWN_JOB,
} from "./answers.ts";

const rollbackSchema = z
  .strictObject({ version: z.int("must be a version's number").min(1) })
  .openapi("Rollback");

const route = createRoute({
  method: "post",
  path: "/v1/jobs/{name}/rollback",
  summary: "Put an earlier version of a job into force again",
  description: "It becomes a version with the next number, unless it means the same as the one in force.",
  request: {
    params: jobParam,
    query: expectedVersionQuery,
    body: { required: true, content: { "application/json": { schema: rollbackSchema } } },
  },
  responses: {
    200: changedAnswer("in force, as a new version or as it was"),
    ...COMMON_ERRORS,
    ...UNKNOWN_JOB,
    ...OTHER_VERSION,
    400: errorAnswer("the body is not JSON"),
  },
});

export function rollbackJobRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openAPIRegistry.registerPath(route);
  app.post("/v1/jobs/:name/rollback", async (c) => {
    const { name } = checked(jobParam, c.req.param(), "path");
    const query = checked(expectedVersionQuery, c.req.query(), "query");
    const { version } = checked(rollbackSchema, parseJson(await c.req.arrayBuffer()), null);
    const { changed, schedules } = await rollBack(ports, name, version, query.expected_version ?? null);
    return c.json(
      changedJobBody(changed, schedules, ports.clock.now(), await followedJobs(ports, changed)),
      200,
    );
  });
}

/**
 * Puts an earlier version into force.
 * @param expectedVersion the version that must be in force now; null for any
 * @throws AppError `not_found`, `version_conflict`, and `invalid_input` where what was accepted once is not any more
 */
export async function rollBack(
  ports: ApiPorts,
  name: string,
  version: number,
  expectedVersion: number | null,
): Promise<{ changed: ChangedJob; schedules: ScheduleSpec[] }> {
  const { jobs, orgId } = ports;
  await loadJob(jobs, orgId, name);
  const { version: to, definition } = await loadVersion(jobs, orgId, name, version, "version");
  // It was put when another code said what is accepted.
  const { schedules, hooks } = checkedDefinition(definition, name);
  const change: JobChange = {
    orgId,
    name,
    definition,
    schedules,
    hooks: hooks.map((spec) => ({ id: ports.ids.hookId(), spec })),
    change: { kind: "rollback", to },
    expectedVersion,
    means: (inForce) => meansTheSame(inForce, definition, name),
  };
  const changed = await changeSchedules(ports, name, () => changeJob(ports, change));
  return { changed, schedules };
}

/** POST /v1/jobs/{name}/pause and /resume: whether anything but a caller starts runs of it. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { jobBody } from "../../job-body.ts";
import { jobSchema } from "../../job-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS } from "../answers.ts";
import { changeSchedules } from "../schedules/change-schedules.ts";
import { jobParam, loadJob, UNKNOWN_JOB, unknownJob } from "./answers.ts";

const answers = {
  200: { description: "the job", content: { "application/json": { schema: jobSchema } } },
  ...COMMON_ERRORS,
  ...UNKNOWN_JOB,
};

const pause = createRoute({
  method: "post",
  path: "/v1/jobs/{name}/pause",
  summary: "Pause a job",
  description:
    "Nothing starts runs of it by itself any more, and its schedules rest; POST /v1/jobs/{name}/runs still does, and says that it is paused. Runs that are at work go on. To pause twice is to pause once.",
  request: { params: jobParam },
  responses: answers,
});

const resume = createRoute({
  method: "post",
  path: "/v1/jobs/{name}/resume",
  summary: "End the pause of a job",
  description:
    "What came due meanwhile is not run, but for schedules whose catch_up says after_pause. A schedule that was paused by itself rests on.",
  request: { params: jobParam },
  responses: answers,
});

export function pauseJobRoutes(app: OpenAPIHono, ports: ApiPorts): void {
  async function paused(name: string, isPaused: boolean) {
    await pauseJob(ports, name, isPaused);
    return jobBody(await loadJob(ports.jobs, ports.orgId, name));
  }
  app.openapi(pause, async (c) => c.json(await paused(c.req.valid("param").name, true), 200));
  app.openapi(resume, async (c) => c.json(await paused(c.req.valid("param").name, false), 200));
}

/** @throws AppError `not_found` */
export async function pauseJob(ports: ApiPorts, name: string, isPaused: boolean): Promise<void> {
  const { jobs, orgId, clock } = ports;
  const now = clock.now();
  const pause = () => jobs.pause(orgId, name, isPaused ? now : null, now);
  if ((await changeSchedules(ports, name, pause)) === null) throw unknownJob(name);
}

/** POST /v1/schedules/{job}/{name}/pause and /resume. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS } from "../answers.ts";
import { loadSchedule, SCHEDULE_ANSWER, scheduleParam, shownSchedule, UNKNOWN_SCHEDULE } from "./answers.ts";
import { changeSchedules } from "./change-schedules.ts";

const answers = { 200: SCHEDULE_ANSWER, ...COMMON_ERRORS, ...UNKNOWN_SCHEDULE };

const pause = createRoute({
  method: "post",
  path: "/v1/schedules/{job}/{name}/pause",
  summary: "Pause a schedule",
  description: "What comes due is recorded as paused. A new version of the job does not end the pause.",
  request: { params: scheduleParam },
  responses: answers,
});

const resume = createRoute({
  method: "post",
  path: "/v1/schedules/{job}/{name}/resume",
  summary: "End the pause of a schedule",
  description: "It rests on where its definition or the pause of its job has it rest: paused_by tells.",
  request: { params: scheduleParam },
  responses: answers,
});

export function pauseScheduleRoutes(app: OpenAPIHono, ports: ApiPorts): void {
  async function paused(param: { job: string; name: string }, isPaused: boolean) {
    await pauseSchedule(ports, param, isPaused);
    return shownSchedule(ports, await loadSchedule(ports, param));
  }
  app.openapi(pause, async (c) => c.json(await paused(c.req.valid("param"), true), 200));
  app.openapi(resume, async (c) => c.json(await paused(c.req.valid("param"), false), 200));
}

/** @throws AppError `not_found` */
export async function pauseSchedule(
  ports: ApiPorts,
  param: { job: string; name: string },
  isPaused: boolean,
): Promise<void> {
  await loadSchedule(ports, param);
  const { schedules, orgId, clock } = ports;
  await changeSchedules(ports, param.job, () => schedules.pause({ orgId, ...param }, clock.now(), isPaused));
}

/** GET /v1/schedules: the schedules of all jobs, or of one. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { type ByJobQuery, byJobQuery, pageByJob } from "../../by-job.ts";
import { type ScheduleListBody, scheduleListSchema } from "../../firing-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS } from "../answers.ts";
import { shownSchedule } from "./answers.ts";

const route = createRoute({
  method: "get",
  path: "/v1/schedules",
  summary: "List schedules by job and name, with their next due time and last firing",
  request: { query: byJobQuery("schedule") },
  responses: {
    200: {
      description: "a page of schedules",
      content: { "application/json": { schema: scheduleListSchema } },
    },
    ...COMMON_ERRORS,
  },
});

export function listSchedulesRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => c.json(await pageOfSchedules(ports, c.req.valid("query")), 200));
}

/** One page, by job and name. */
export async function pageOfSchedules(ports: ApiPorts, query: ByJobQuery): Promise<ScheduleListBody> {
  const { page, nextCursor } = await pageByJob(query, (...of) => ports.schedules.list(ports.orgId, ...of));
  const schedules = await Promise.all(page.map((schedule) => shownSchedule(ports, schedule)));
  return { schedules, next_cursor: nextCursor };
}

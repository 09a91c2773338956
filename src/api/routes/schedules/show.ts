/** GET /v1/schedules/{job}/{name}. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS } from "../answers.ts";
import { loadSchedule, SCHEDULE_ANSWER, scheduleParam, shownSchedule, UNKNOWN_SCHEDULE } from "./answers.ts";

const route = createRoute({
  method: "get",
  path: "/v1/schedules/{job}/{name}",
  summary: "Show a schedule",
  request: { params: scheduleParam },
  responses: { 200: SCHEDULE_ANSWER, ...COMMON_ERRORS, ...UNKNOWN_SCHEDULE },
});

export function showScheduleRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) =>
    c.json(await shownSchedule(ports, await loadSchedule(ports, c.req.valid("param"))), 200),
  );
}

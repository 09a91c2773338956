/** POST /v1/schedules/{job}/{name}/run: run it now. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { runNow } from "../../../flow/fire-by-hand.ts";
import { firePortsOf } from "../../fired-order.ts";
import { firingSchema } from "../../firing-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { firingBody } from "../../schedule-body.ts";
import { COMMON_ERRORS } from "../answers.ts";
import { loadSchedule, scheduleParam, UNKNOWN_SCHEDULE } from "./answers.ts";

const route = createRoute({
  method: "post",
  path: "/v1/schedules/{job}/{name}/run",
  summary: "Run a schedule now",
  description:
    "It has a row in the ledger with this moment as its due time. It runs also while it rests, and is skipped where overlap is skip and the previous run is at work.",
  request: { params: scheduleParam },
  responses: {
    200: { description: "what came of it", content: { "application/json": { schema: firingSchema } } },
    ...COMMON_ERRORS,
    ...UNKNOWN_SCHEDULE,
  },
});

export function runScheduleRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => {
    const schedule = await loadSchedule(ports, c.req.valid("param"));
    return c.json(firingBody(await runNow(firePortsOf(ports), schedule)), 200);
  });
}

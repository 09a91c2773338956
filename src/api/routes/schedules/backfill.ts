/** POST /v1/schedules/{job}/{name}/backfill: run what was due in a stretch of the past and came to no run. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { AppError } from "../../../core/error.ts";
import { FIRINGS_KEPT_MS } from "../../../core/limits.ts";
import { backfill, backfillOf } from "../../../flow/fire-by-hand.ts";
import { checked } from "../../checked.ts";
import { backfillInputSchema, backfillSchema } from "../../firing-schema.ts";
import { parseJson } from "../../json-body.ts";
import type { ApiPorts } from "../../ports.ts";
import { rfc3339 } from "../../run-body.ts";
import { instantMs } from "../../schema-parts.ts";
import { COMMON_ERRORS, errorAnswer } from "../answers.ts";
import { loadSchedule, scheduleParam, UNKNOWN_SCHEDULE } from "./answers.ts";

const route = createRoute({
  method: "post",
  path: "/v1/schedules/{job}/{name}/backfill",
  summary: "Run what a schedule's rule has due in a stretch of the past and what came to no run",
  description:
    "One after the other, oldest first, where overlap is skip or queue. What has a run is left alone, so that to ask twice is to ask once.",
  request: {
    params: scheduleParam,
    body: { required: true, content: { "application/json": { schema: backfillInputSchema } } },
  },
  responses: {
    200: {
      description: "what is run, or would be",
      content: { "application/json": { schema: backfillSchema } },
    },
    ...COMMON_ERRORS,
    ...UNKNOWN_SCHEDULE,
    400: errorAnswer("the body is not JSON"),
  },
});

export function backfillRoute(app: OpenAPIHono, ports: ApiPorts): void {
  // JSON is asked for whatever the content type says, as where a run is submitted.
  app.openAPIRegistry.registerPath(route);
  app.post("/v1/schedules/:job/:name/backfill", async (c) => {
    const param = checked(scheduleParam, c.req.param(), "path");
    const { from, to, preview } = checked(backfillInputSchema, parseJson(await c.req.arrayBuffer()), null);
    if (instantMs(to) < instantMs(from)) throw new AppError("invalid_input", "can not be before from", "to");
    if (instantMs(to) > ports.clock.now())
      throw new AppError(
        "invalid_input",
        "can not be later than now: what is due then is run by itself",
        "to",
      );
    const schedule = await loadSchedule(ports, param);
    if (schedule.spec.rule.kind === "fly")
      throw new AppError(
        "invalid_input",
        "is on: fly, which names no due times that could be filled in; run it now instead",
        "path.name",
      );
    const found = await backfillOf(ports.schedules, schedule, instantMs(from), instantMs(to));
    const armed = preview ? 0 : await backfill(ports, schedule, found);
    const oldest = ports.clock.now() - FIRINGS_KEPT_MS;
    const body = {
      preview,
      due_at: found.dueTimes.map(rfc3339),
      already_run: found.taken,
      older_than_ledger: found.dueTimes.filter((dueAt) => dueAt < oldest).length,
      armed,
    };
    return c.json(body, 200);
  });
}

/** POST /v1/schedules/{job}/{name}/run: run it now. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { runNow } from "../../../flow/fire-by-hand.ts";
import { firePortsOf } from "../../fired-order.ts";
import { firingSchema } from "../../firing-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { firingBody } from "../../schedule-body.ts";
import { COMMON_ERRORS, errorAnswer } from "../answers.ts";
import { idempotencyKey } from "../submission.ts";
import { loadSchedule, scheduleParam, UNKNOWN_SCHEDULE } from "./answers.ts";

const headers = z.object({
  "idempotency-key": idempotencyKey.optional().openapi({
    description:
      "the same key answers the same firing, whatever came of it, as long as the ledger tells of it. It is a key of this call alone: one that made a run otherwise is another",
  }),
});

const route = createRoute({
  method: "post",
  path: "/v1/schedules/{job}/{name}/run",
  summary: "Run a schedule now",
  description:
    "It has a row in the ledger with this moment as its due time. It runs also while it rests, and is skipped where overlap is skip and the previous run is at work.",
  request: { params: scheduleParam, headers },
  responses: {
    200: { description: "what came of it", content: { "application/json": { schema: firingSchema } } },
    ...COMMON_ERRORS,
    ...UNKNOWN_SCHEDULE,
    409: errorAnswer("the key was used for another schedule"),
  },
});

export function runScheduleRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => {
    const schedule = await loadSchedule(ports, c.req.valid("param"));
    const key = c.req.valid("header")["idempotency-key"] ?? null;
    return c.json(firingBody(await runNow(firePortsOf(ports), schedule, key)), 200);
  });
}

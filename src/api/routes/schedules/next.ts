/** GET /v1/schedules/{job}/{name}/next: when it is due next. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { NEXT_DUE_MAX } from "../../../core/limits.ts";
import { dueTimes } from "../../../core/schedule/due.ts";
import { nextDueSchema } from "../../firing-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { rfc3339 } from "../../run-body.ts";
import { COMMON_ERRORS } from "../answers.ts";
import { loadSchedule, scheduleParam, UNKNOWN_SCHEDULE } from "./answers.ts";

const COUNT = `must be a whole number from 1 to ${NEXT_DUE_MAX}`;
const COUNT_DEFAULT = 10;

const route = createRoute({
  method: "get",
  path: "/v1/schedules/{job}/{name}/next",
  summary: "The next due times of a schedule, by its rule: also while it rests. None where it is on: fly",
  request: {
    params: scheduleParam,
    query: z.strictObject({
      count: z
        .string()
        .regex(/^\d{1,3}$/, COUNT)
        .transform(Number)
        .refine((count) => count >= 1 && count <= NEXT_DUE_MAX, COUNT)
        .optional()
        .openapi({ type: "integer", minimum: 1, maximum: NEXT_DUE_MAX }),
    }),
  },
  responses: {
    200: {
      description: "due times, the next one first",
      content: { "application/json": { schema: nextDueSchema } },
    },
    ...COMMON_ERRORS,
    ...UNKNOWN_SCHEDULE,
  },
});

export function nextDueRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => {
    const { spec } = await loadSchedule(ports, c.req.valid("param"));
    const { count = COUNT_DEFAULT } = c.req.valid("query");
    const times = dueTimes(spec, ports.clock.now(), Number.MAX_SAFE_INTEGER, count);
    return c.json({ due_at: times.map(rfc3339) }, 200);
  });
}

/** GET /v1/schedules/{job}/{name}/firings: what has become of each due time. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { LIST_LIMIT_DEFAULT } from "../../../core/limits.ts";
import { FIRING_OUTCOMES } from "../../../core/schedule/schedule.ts";
import type { FiringFilter } from "../../../flow/ports/schedules.ts";
import { cursorOfPlace, firingCursor, placeOfCursor } from "../../firing-cursor.ts";
import { type FiringListBody, firingListSchema } from "../../firing-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { firingBody } from "../../schedule-body.ts";
import { pageLimit } from "../../schema-parts.ts";
import { COMMON_ERRORS } from "../answers.ts";
import { loadSchedule, scheduleParam, UNKNOWN_SCHEDULE } from "./answers.ts";

const route = createRoute({
  method: "get",
  path: "/v1/schedules/{job}/{name}/firings",
  summary: "The ledger of a schedule: what has become of each due time, newest first",
  description: "The ledger of a schedule that is not there any more stays, too.",
  request: {
    params: scheduleParam,
    query: z.strictObject({
      limit: pageLimit,
      outcome: z.enum(FIRING_OUTCOMES).optional().openapi({ description: "only those that came to this" }),
      cursor: firingCursor.optional(),
    }),
  },
  responses: {
    200: {
      description: "a page of the ledger",
      content: { "application/json": { schema: firingListSchema } },
    },
    ...COMMON_ERRORS,
    ...UNKNOWN_SCHEDULE,
  },
});

export function firingsRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => {
    const { cursor, outcome = null, limit = LIST_LIMIT_DEFAULT } = c.req.valid("query");
    const before = cursor === undefined ? null : placeOfCursor(cursor);
    return c.json(await pageOfFirings(ports, c.req.valid("param"), { outcome, before, limit }), 200);
  });
}

/** One page of a ledger. @throws AppError `not_found` where there is neither such a ledger nor such a schedule */
export async function pageOfFirings(
  ports: ApiPorts,
  param: { job: string; name: string },
  filter: FiringFilter,
): Promise<FiringListBody> {
  const { firings, nextBefore } = await ports.schedules.firings({ orgId: ports.orgId, ...param }, filter);
  if (firings.length === 0) await loadSchedule(ports, param);
  return {
    firings: firings.map(firingBody),
    next_cursor: nextBefore === null ? null : cursorOfPlace(nextBefore),
  };
}

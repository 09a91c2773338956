/** GET /v1/alerts: schedules whose runs did not start in time, and jobs that were not heard of. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { ALERT_TYPES } from "../../core/alert/alert.ts";
import { LIST_LIMIT_DEFAULT } from "../../core/limits.ts";
import { alertBody, alertListSchema } from "../alert-schema.ts";
import { jobNameField } from "../job-schema.ts";
import type { ApiPorts } from "../ports.ts";
import { instant, instantMs, pageLimit } from "../schema-parts.ts";
import { COMMON_ERRORS } from "./answers.ts";

const route = createRoute({
  method: "get",
  path: "/v1/alerts",
  summary: "List alerts, newest first: late schedules and silent jobs",
  description: "Alerts stay where their job is changed or deleted.",
  request: {
    query: z.strictObject({
      limit: pageLimit,
      job: jobNameField.optional().openapi({ description: "only those of this job and its schedules" }),
      type: z.enum(ALERT_TYPES).optional(),
      since: instant.optional().openapi({ description: "only those that were found at or after" }),
      cursor: z
        .string()
        .regex(/^[1-9]\d{0,14}$/, "must be the next_cursor of the page before: a number")
        .optional()
        .openapi({ description: "the next_cursor of the page before" }),
    }),
  },
  responses: {
    200: { description: "a page of alerts", content: { "application/json": { schema: alertListSchema } } },
    ...COMMON_ERRORS,
  },
});

export function alertsRoute(app: OpenAPIHono, { alerts, orgId }: ApiPorts): void {
  app.openapi(route, async (c) => {
    const { limit = LIST_LIMIT_DEFAULT, job = null, type = null, since, cursor } = c.req.valid("query");
    const found = await alerts.list(orgId, {
      job,
      type,
      sinceMs: since === undefined ? null : instantMs(since),
      beforeSeq: cursor === undefined ? null : Number(cursor),
      // One more than asked tells whether there is another page.
      limit: limit + 1,
    });
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return c.json(
      { alerts: page.map(alertBody), next_cursor: last === undefined ? null : String(last.seq) },
      200,
    );
  });
}

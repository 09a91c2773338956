/** GET /v1/alerts: schedules whose runs did not start in time, and jobs that were not heard of. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { ALERT_TYPES } from "../../core/alert/alert.ts";
import { LIST_LIMIT_DEFAULT } from "../../core/limits.ts";
import type { AlertFilter } from "../../flow/ports/alerts.ts";
import { type AlertListBody, alertBody, alertListSchema } from "../alert-schema.ts";
import { jobNameField } from "../job-schema.ts";
import type { ApiPorts } from "../ports.ts";
import { instant, instantMs, pageLimit } from "../schema-parts.ts";
import { COMMON_ERRORS } from "./answers.ts";

const route = createRoute({
  method: "get",
  path: "/v1/alerts",
  summary:
    "List alerts, newest first: late schedules, silent jobs, disabled webhooks and chains that stopped",
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

export function alertsRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => {
    const { limit = LIST_LIMIT_DEFAULT, job = null, type = null, since, cursor } = c.req.valid("query");
    const sinceMs = since === undefined ? null : instantMs(since);
    const beforeSeq = cursor === undefined ? null : Number(cursor);
    return c.json(await pageOfAlerts(ports, { job, type, sinceMs, beforeSeq, limit }), 200);
  });
}

/** One page, newest first. */
export async function pageOfAlerts(
  { alerts, orgId }: Pick<ApiPorts, "alerts" | "orgId">,
  filter: AlertFilter,
): Promise<AlertListBody> {
  const { limit } = filter;
  // One more than asked tells whether there is another page.
  const found = await alerts.list(orgId, { ...filter, limit: limit + 1 });
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  return { alerts: page.map(alertBody), next_cursor: last === undefined ? null : String(last.seq) };
}

/** POST /v1/runs/cancel: ask all runs that fit a filter to end. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { isRunId } from "../../core/id.ts";
import { CANCEL_MAX_RUNS } from "../../core/limits.ts";
import type { RunStatus } from "../../core/run.ts";
import { ACTIVE_STATUSES, cancelAll } from "../../flow/cancel-all.ts";
import { checked } from "../checked.ts";
import { jobNameField } from "../job-schema.ts";
import { parseJson } from "../json-body.ts";
import type { ApiPorts } from "../ports.ts";
import { instant } from "../schema-parts.ts";
import { COMMON_ERRORS, errorAnswer } from "./answers.ts";
import { filterOf, tagField } from "./list.ts";

const STATUS = `must be a status of a run that is not final: ${ACTIVE_STATUSES.join(", ")}`;

const cancelFilterSchema = z
  .strictObject({
    status: z
      .array(z.enum(ACTIVE_STATUSES as [RunStatus, ...RunStatus[]], STATUS))
      .min(1)
      .optional()
      .openapi({ description: "without it runs of all of these are meant" }),
    tag: tagField.optional(),
    job: jobNameField.optional().openapi({ description: "only runs of this job" }),
    since: instant.optional().openapi({ description: "accepted at or after" }),
    until: instant.optional().openapi({ description: "accepted before" }),
    cursor: z
      .string()
      .refine(isRunId, "must be the next_cursor of the call before, unchanged")
      .optional()
      .openapi({ description: "the next_cursor of the call before, with the same filter" }),
  })
  .superRefine(({ status, tag, job, since, until }, context) => {
    // An empty body must not end everything there is.
    if ([status, tag, job, since, until].every((field) => field === undefined))
      context.addIssue({
        code: "custom",
        path: ["status"],
        message: `is needed, or tag, job, since or until; for all runs give ${JSON.stringify(ACTIVE_STATUSES)}`,
      });
  })
  .openapi("CancelFilter");

const cancelledSchema = z
  .object({
    cancelled: z.int().openapi({ description: "asked to end by this call" }),
    already_asked: z.int().openapi({ description: "had been asked before" }),
    ended: z.int().openapi({ description: "ended by themselves meanwhile" }),
    run_ids: z.array(z.string()).openapi({ description: "of those asked by this call, newest first" }),
    next_cursor: z
      .string()
      .nullable()
      .openapi({ description: "give it as cursor to go on with the others; null where there are none" }),
  })
  .openapi("Cancelled");
export type CancelledBody = z.infer<typeof cancelledSchema>;

const route = createRoute({
  method: "post",
  path: "/v1/runs/cancel",
  summary: "Cancel runs by a filter",
  description: `Asks the runs that fit to end, newest first and at most ${CANCEL_MAX_RUNS} in one call; next_cursor leads to the others. A call can be repeated: asking twice is asking once.`,
  request: { body: { required: true, content: { "application/json": { schema: cancelFilterSchema } } } },
  responses: {
    200: { description: "asked", content: { "application/json": { schema: cancelledSchema } } },
    ...COMMON_ERRORS,
    400: errorAnswer("the body is not JSON"),
  },
});

export function cancelAllRoute(app: OpenAPIHono, ports: ApiPorts): void {
  // JSON is asked for whatever the content type says, as where a run is submitted.
  app.openAPIRegistry.registerPath(route);
  app.post(route.path, async (c) => {
    const filter = checked(cancelFilterSchema, parseJson(await c.req.arrayBuffer()), null);
    const done = await cancelAll(ports, ports.orgId, filterOf(filter));
    const body: CancelledBody = {
      cancelled: done.runIds.length,
      already_asked: done.alreadyAsked,
      ended: done.ended,
      run_ids: done.runIds,
      next_cursor: done.nextBefore,
    };
    return c.json(body, 200);
  });
}

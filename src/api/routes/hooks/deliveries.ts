/** GET /v1/jobs/{job}/hooks/{name}/deliveries: what a hook was called with, and GET …/{delivery}: one of them whole. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { VERDICTS } from "../../../core/hook/verdict.ts";
import { isRunId } from "../../../core/id.ts";
import { DELIVERY_BODY_KEPT_BYTES, LIST_LIMIT_DEFAULT } from "../../../core/limits.ts";
import type { DeliveryFilter } from "../../../flow/ports/hooks.ts";
import { withWholeBody } from "../../../flow/whole-body.ts";
import { deliveryBody, deliverySummary } from "../../delivery-body.ts";
import { cursorOfDelivery, deliveryCursor, placeOfDelivery } from "../../delivery-cursor.ts";
import { type DeliveryListBody, deliveryListSchema, deliverySchema } from "../../delivery-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { pageLimit } from "../../schema-parts.ts";
import { COMMON_ERRORS } from "../answers.ts";
import {
  checkHookOrLedger,
  deliveryParam,
  hookParam,
  loadDelivery,
  UNKNOWN_DELIVERY,
  UNKNOWN_HOOK,
} from "./answers.ts";

const TEXT_MAX_CHARS = 200;

/** How a page of a ledger is asked for. */
export const deliveryQuery = z.strictObject({
  limit: pageLimit,
  verdict: z.enum(VERDICTS).optional().openapi({ description: "only those that came to this" }),
  run: z
    .string()
    .refine(isRunId, "must be the id of a run")
    .optional()
    .openapi({ description: "only the one that started this run" }),
  text: z
    .string()
    .min(1)
    .max(TEXT_MAX_CHARS)
    .optional()
    .openapi({
      description: `only those that have it in their id, event, detail, headers, change or body, of which the first ${DELIVERY_BODY_KEPT_BYTES / 1024} KiB are searched`,
    }),
  cursor: deliveryCursor.optional(),
});

const list = createRoute({
  method: "get",
  path: "/v1/jobs/{job}/hooks/{name}/deliveries",
  summary: "The ledger of a hook: what it was called with and what came of that, newest first",
  description: "The ledger of a hook that is not there any more stays, too.",
  request: {
    params: hookParam,
    query: deliveryQuery,
  },
  responses: {
    200: {
      description: "a page of the ledger",
      content: { "application/json": { schema: deliveryListSchema } },
    },
    ...COMMON_ERRORS,
    ...UNKNOWN_HOOK,
  },
});

const show = createRoute({
  method: "get",
  path: "/v1/jobs/{job}/hooks/{name}/deliveries/{delivery}",
  summary: "Show a delivery with its headers and body",
  request: { params: deliveryParam },
  responses: {
    200: { description: "the delivery", content: { "application/json": { schema: deliverySchema } } },
    ...COMMON_ERRORS,
    ...UNKNOWN_DELIVERY,
  },
});

export function deliveriesRoutes(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(list, async (c) => {
    const filter = deliveryFilter(c.req.valid("query"));
    return c.json(await pageOfDeliveries(ports, c.req.valid("param"), filter), 200);
  });
  app.openapi(show, async (c) => {
    const delivery = await loadDelivery(ports, c.req.valid("param"));
    return c.json(deliveryBody(await withWholeBody(ports.bodies, delivery)), 200);
  });
}

export function deliveryFilter(query: z.output<typeof deliveryQuery>): DeliveryFilter {
  const { verdict = null, run = null, text = null, cursor, limit = LIST_LIMIT_DEFAULT } = query;
  const before = cursor === undefined ? null : placeOfDelivery(cursor);
  return { verdict, runId: run, text, before, limit };
}

/** One page of a ledger. @throws AppError `not_found` where there is neither such a ledger nor such a hook */
export async function pageOfDeliveries(
  ports: Pick<ApiPorts, "hooks" | "jobs" | "orgId">,
  param: { job: string; name: string },
  filter: DeliveryFilter,
): Promise<DeliveryListBody> {
  const key = { orgId: ports.orgId, ...param };
  const { deliveries, nextBefore } = await ports.hooks.deliveries(key, filter);
  if (deliveries.length === 0 && nextBefore === null)
    await checkHookOrLedger(ports, param, async () => {
      const any = { verdict: null, runId: null, text: null, before: null, limit: 1 };
      return (await ports.hooks.deliveries(key, any)).deliveries.length > 0;
    });
  return {
    deliveries: deliveries.map(deliverySummary),
    next_cursor: nextBefore === null ? null : cursorOfDelivery(nextBefore),
  };
}

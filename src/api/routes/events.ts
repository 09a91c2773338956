/** GET /v1/runs/{id}/events: the numbered facts about a run, ours and its Machine's. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { LIST_LIMIT_MAX } from "../../core/limits.ts";
import { eventBody } from "../event-body.ts";
import type { ApiPorts } from "../ports.ts";
import { type EventListBody, eventListSchema } from "../run-schema.ts";
import { COMMON_ERRORS, errorAnswer, loadRun, runIdParam } from "./answers.ts";

const wholeNumber = (min: number, max: number) => {
  const sentence = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, sentence)
    .transform(Number)
    .refine((number) => number >= min && number <= max, sentence)
    .optional();
};

const route = createRoute({
  method: "get",
  path: "/v1/runs/{id}/events",
  summary: "List a run's events, oldest first",
  request: {
    params: runIdParam,
    query: z.strictObject({
      after: wholeNumber(0, 999_999_999).openapi({
        type: "integer",
        description: "only events with a greater number",
      }),
      limit: wholeNumber(1, LIST_LIMIT_MAX).openapi({ type: "integer", minimum: 1, maximum: LIST_LIMIT_MAX }),
    }),
  },
  responses: {
    200: {
      description:
        "events, each with the data of its type; the machine's own stand in the data of machine_released",
      content: { "application/json": { schema: eventListSchema } },
    },
    ...COMMON_ERRORS,
    404: errorAnswer("there is no such run"),
  },
});

export function eventsRoute(app: OpenAPIHono, { store }: ApiPorts): void {
  app.openapi(route, async (c) => {
    const { run } = await loadRun(store, c.req.valid("param").id);
    const { after = 0, limit = LIST_LIMIT_MAX } = c.req.valid("query");
    const found = await store.events(run.id, after, limit + 1);
    const page = found.slice(0, limit);
    const body: EventListBody = {
      events: page.map(eventBody),
      next_after: found.length > limit ? (page.at(-1)?.seq ?? null) : null,
    };
    return c.json(body, 200);
  });
}

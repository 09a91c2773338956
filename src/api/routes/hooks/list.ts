/** GET /v1/hooks: the hooks of all jobs, or of one. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { type ByJobQuery, byJobQuery, pageByJob } from "../../by-job.ts";
import { type HookListBody, hookListSchema } from "../../delivery-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS } from "../answers.ts";
import { shownHooks } from "./answers.ts";

const route = createRoute({
  method: "get",
  path: "/v1/hooks",
  summary: "List hooks by job and name, with their URLs and last deliveries",
  request: { query: byJobQuery("hook") },
  responses: {
    200: { description: "a page of hooks", content: { "application/json": { schema: hookListSchema } } },
    ...COMMON_ERRORS,
  },
});

export function listHooksRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => c.json(await pageOfHooks(ports, c.req.valid("query"), c.req.url), 200));
}

/** One page, by job and name. @param url of the call */
export async function pageOfHooks(ports: ApiPorts, query: ByJobQuery, url: string): Promise<HookListBody> {
  const { page, nextCursor } = await pageByJob(query, (...of) => ports.hooks.list(ports.orgId, ...of));
  return { hooks: await shownHooks(ports, page, url), next_cursor: nextCursor };
}

/** GET /v1/hooks: the hooks of all jobs, or of one. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { JOB_NAME } from "../../../core/job.ts";
import { LIST_LIMIT_DEFAULT } from "../../../core/limits.ts";
import { type HookListBody, hookListSchema } from "../../delivery-schema.ts";
import { jobNameField } from "../../job-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { pageLimit } from "../../schema-parts.ts";
import { COMMON_ERRORS } from "../answers.ts";
import { shownHooks } from "./answers.ts";

const CURSOR = "must be the next_cursor of the page before: a job and a hook of it, with a / between";

const route = createRoute({
  method: "get",
  path: "/v1/hooks",
  summary: "List hooks by job and name, with their URLs and last deliveries",
  request: {
    query: z.strictObject({
      limit: pageLimit,
      job: jobNameField.optional().openapi({ description: "only those of this job" }),
      cursor: z
        .string()
        .refine(
          (text) => text.split("/").length === 2 && text.split("/").every((part) => JOB_NAME.test(part)),
          CURSOR,
        )
        .optional()
        .openapi({ description: CURSOR }),
    }),
  },
  responses: {
    200: { description: "a page of hooks", content: { "application/json": { schema: hookListSchema } } },
    ...COMMON_ERRORS,
  },
});

export function listHooksRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => c.json(await pageOfHooks(ports, c.req.valid("query"), c.req.url), 200));
}

/** One page, by job and name. @param url of the call */
export async function pageOfHooks(
  ports: ApiPorts,
  query: { cursor?: string | undefined; limit?: number | undefined; job?: string | undefined },
  url: string,
): Promise<HookListBody> {
  const { cursor, limit = LIST_LIMIT_DEFAULT, job: of } = query;
  const [job = "", name = ""] = cursor?.split("/") ?? (of === undefined ? [] : [of, ""]);
  // One more than asked tells whether there is another page.
  const found = await ports.hooks.list(ports.orgId, job === "" ? null : { job, name }, limit + 1);
  const fit = of === undefined ? found : found.filter((one) => one.job === of);
  const page = fit.slice(0, limit);
  const last = fit.length > limit ? page.at(-1) : undefined;
  const hooks = await shownHooks(ports, page, url);
  return { hooks, next_cursor: last === undefined ? null : `${last.job}/${last.name}` };
}

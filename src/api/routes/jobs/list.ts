/** GET /v1/jobs: jobs by name. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { LIST_LIMIT_DEFAULT } from "../../../core/limits.ts";
import { listedJob } from "../../job-body.ts";
import { type JobListBody, jobListSchema, jobNameField } from "../../job-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { pageLimit } from "../../schema-parts.ts";
import { COMMON_ERRORS } from "../answers.ts";

const route = createRoute({
  method: "get",
  path: "/v1/jobs",
  summary: "List jobs by name",
  request: {
    query: z.strictObject({
      limit: pageLimit,
      cursor: jobNameField
        .optional()
        .openapi({ description: "the next_cursor of the page before: the name of its last job" }),
    }),
  },
  responses: {
    200: { description: "a page of jobs", content: { "application/json": { schema: jobListSchema } } },
    ...COMMON_ERRORS,
  },
});

export function listJobsRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => c.json(await pageOfJobs(ports, c.req.valid("query")), 200));
}

/** One page. The cursor is a job's name, so that jobs that are put meanwhile move nothing. */
export async function pageOfJobs(
  { jobs, orgId }: Pick<ApiPorts, "jobs" | "orgId">,
  { cursor = "", limit = LIST_LIMIT_DEFAULT }: { cursor?: string | undefined; limit?: number | undefined },
): Promise<JobListBody> {
  // One more than asked tells whether there is another page.
  const found = await jobs.list(orgId, cursor, limit + 1);
  const page = found.slice(0, limit);
  const next = found.length > limit ? (page.at(-1)?.name ?? null) : null;
  return { jobs: page.map(listedJob), next_cursor: next };
}

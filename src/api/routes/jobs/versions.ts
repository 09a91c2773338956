/** GET /v1/jobs/{name}/versions: how a job came to be as it is; also of one that was deleted. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { LIST_LIMIT_DEFAULT } from "../../../core/limits.ts";
import { versionSummary } from "../../job-body.ts";
import { type VersionListBody, versionListSchema } from "../../job-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { pageLimit } from "../../schema-parts.ts";
import { COMMON_ERRORS } from "../answers.ts";
import { jobParam, UNKNOWN_JOB, unknownJob, versionText } from "./answers.ts";

const route = createRoute({
  method: "get",
  path: "/v1/jobs/{name}/versions",
  summary: "List versions of a job, newest first",
  request: {
    params: jobParam,
    query: z.strictObject({
      limit: pageLimit,
      cursor: versionText.optional().openapi({ description: "the next_cursor of the page before" }),
    }),
  },
  responses: {
    200: {
      description: "a page of versions",
      content: { "application/json": { schema: versionListSchema } },
    },
    ...COMMON_ERRORS,
    ...UNKNOWN_JOB,
  },
});

export function jobVersionsRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) =>
    c.json(await pageOfVersions(ports, c.req.valid("param").name, c.req.valid("query")), 200),
  );
}

/** One page. @throws AppError `not_found` where there never was such a job */
export async function pageOfVersions(
  { jobs, orgId }: Pick<ApiPorts, "jobs" | "orgId">,
  name: string,
  query: { cursor?: number | undefined; limit?: number | undefined },
): Promise<VersionListBody> {
  const { cursor = Number.MAX_SAFE_INTEGER, limit = LIST_LIMIT_DEFAULT } = query;
  const found = await jobs.versions(orgId, name, cursor, limit + 1);
  if (found.length === 0 && (await jobs.find(orgId, name)) === null) throw unknownJob(name);
  const page = found.slice(0, limit);
  const next = found.length > limit ? String(page.at(-1)?.version) : null;
  return { versions: page.map(versionSummary), next_cursor: next };
}

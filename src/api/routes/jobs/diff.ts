/** GET /v1/jobs/{name}/diff: what is different between two versions. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { diffDefinitions } from "../../../core/job.ts";
import { type JobDiffBody, jobDiffSchema } from "../../job-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS, errorAnswer } from "../answers.ts";
import { jobParam, loadJob, loadVersion, versionText } from "./answers.ts";

const route = createRoute({
  method: "get",
  path: "/v1/jobs/{name}/diff",
  summary: "Compare two versions of a job",
  request: {
    params: jobParam,
    query: z.strictObject({
      from: versionText.optional().openapi({ description: "the one before to, unless told otherwise" }),
      to: versionText.optional().openapi({ description: "the one in force, unless told otherwise" }),
    }),
  },
  responses: {
    200: { description: "path by path", content: { "application/json": { schema: jobDiffSchema } } },
    ...COMMON_ERRORS,
    404: errorAnswer("there is no such job, or a version is not kept any more"),
  },
});

export function diffJobRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => {
    const { name } = c.req.valid("param");
    const query = c.req.valid("query");
    const to = query.to ?? (await loadJob(ports.jobs, ports.orgId, name)).job.version;
    return c.json(await jobDiff(ports, name, query.from ?? to - 1, to), 200);
  });
}

/** @throws AppError `not_found` where one of the versions is not kept */
export async function jobDiff(
  { jobs, orgId }: Pick<ApiPorts, "jobs" | "orgId">,
  name: string,
  from: number,
  to: number,
): Promise<JobDiffBody> {
  const [earlier, later] = await Promise.all([
    loadVersion(jobs, orgId, name, from, "query.from"),
    loadVersion(jobs, orgId, name, to, "query.to"),
  ]);
  const { changes, isWhole } = diffDefinitions(earlier.definition, later.definition);
  return {
    from,
    to,
    changes: changes.map((change) => ({ ...change, path: change.path.join(".") })),
    is_whole: isWhole,
  };
}

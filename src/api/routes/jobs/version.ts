/** GET /v1/jobs/{name}/versions/{version}: one version as it was put; also of a job that was deleted. */

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { versionBody } from "../../job-body.ts";
import { jobVersionSchema } from "../../job-schema.ts";
import type { ApiPorts } from "../../ports.ts";
import { COMMON_ERRORS, errorAnswer } from "../answers.ts";
import { jobParam, loadVersion, versionText } from "./answers.ts";

const route = createRoute({
  method: "get",
  path: "/v1/jobs/{name}/versions/{version}",
  summary: "Show a version of a job",
  request: {
    params: jobParam.extend({
      version: versionText.openapi({ param: { name: "version", in: "path" } }),
    }),
  },
  responses: {
    200: { description: "as it was put", content: { "application/json": { schema: jobVersionSchema } } },
    ...COMMON_ERRORS,
    404: errorAnswer("there is no such version, or it is not kept any more"),
  },
});

export function jobVersionRoute(app: OpenAPIHono, { jobs, orgId }: ApiPorts): void {
  app.openapi(route, async (c) => {
    const { name, version } = c.req.valid("param");
    return c.json(versionBody(await loadVersion(jobs, orgId, name, version, "path.version")), 200);
  });
}

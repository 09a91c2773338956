/** POST /v1/jobs/{name}/runs: run a job. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../../core/error.ts";
import { checkInput } from "../../check-input.ts";
import { checked } from "../../checked.ts";
import { jobRunInput } from "../../job-definition.ts";
import { jobRunSchema } from "../../job-schema.ts";
import { parseJson } from "../../json-body.ts";
import type { ApiPorts } from "../../ports.ts";
import { rfc3339 } from "../../run-body.ts";
import { answerSubmission, type Ordered, SUBMISSION_ANSWERS, submissionHeaders } from "../submission.ts";
import { jobParam, loadJob, UNKNOWN_JOB } from "./answers.ts";

const PAUSED_HEADER = "mayfly-job-paused";

const headers = z.object({
  [PAUSED_HEADER]: z.iso
    .datetime()
    .optional()
    .openapi({ description: "since when the job is paused, where it is" }),
});

const route = createRoute({
  method: "post",
  path: "/v1/jobs/{name}/runs",
  summary: "Run a job",
  description:
    "A run of the version in force, with the input and changes of the body, which can be left out. The command finds MAYFLY_JOB, MAYFLY_JOB_VERSION and MAYFLY_INPUT in its environment. A paused job runs, too.",
  request: {
    params: jobParam,
    headers: submissionHeaders,
    body: { required: false, content: { "application/json": { schema: jobRunSchema } } },
  },
  responses: {
    ...SUBMISSION_ANSWERS,
    200: { ...SUBMISSION_ANSWERS[200], headers },
    202: { ...SUBMISSION_ANSWERS[202], headers },
    ...UNKNOWN_JOB,
  },
});

export function runJobRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openAPIRegistry.registerPath(route);
  app.post("/v1/jobs/:name/runs", (c) =>
    answerSubmission(c, ports, async (bytes) => {
      const { name } = checked(jobParam, c.req.param(), "path");
      const body = bytes.byteLength === 0 ? {} : parseJson(bytes);
      const { input = {}, overrides = {} } = checked(jobRunSchema, body, null);
      const { pausedAt, ...ordered } = await orderedJobRun(ports, name, input, overrides);
      if (pausedAt !== null) c.header(PAUSED_HEADER, rfc3339(pausedAt));
      return ordered;
    }),
  );
}

/** What a run of a job, as it is now, is to do; and since when the job is paused, null where it is not. */
export async function orderedJobRun(
  ports: Pick<ApiPorts, "jobs" | "orgId">,
  name: string,
  input: unknown,
  overrides: Record<string, unknown>,
): Promise<Ordered & { pausedAt: number | null }> {
  const ordered = { originId: null, pathOf: (field: string) => pathIn(overrides, field) };
  const asked = { name, version: 0, input: JSON.stringify(input) };
  let pausedAt: number | null = null;
  try {
    const { job, definition } = await loadJob(ports.jobs, ports.orgId, name);
    pausedAt = job.pausedAt;
    checkInput(input, definition.input_schema ?? null);
    const spec = jobRunInput(definition, name, input, overrides);
    return { ...ordered, input: spec, job: { ...asked, version: job.version }, pausedAt };
  } catch (error) {
    // The job may have changed, or gone, since a request with this key was accepted.
    if (error instanceof AppError) return { ...ordered, input: error, job: asked, pausedAt };
    throw error;
  }
}

/** A field of the spec is of the changes where they have it, by its first name, and else of the job. */
function pathIn(overrides: object, path: string): string {
  const [field = ""] = path.split(".");
  return Object.hasOwn(overrides, field) ? `overrides.${path}` : `job.run.${path}`;
}

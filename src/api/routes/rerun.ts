/** POST /v1/runs/{id}/rerun: order the same once more, or with changes. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { builtChange } from "../../core/built-change.ts";
import { repeatedUpstream } from "../../core/chain/upstream.ts";
import { AppError } from "../../core/error.ts";
import { withoutReport } from "../../core/hook/run-delivery.ts";
import type { RunJob } from "../../core/job.ts";
import type { Run } from "../../core/run.ts";
import { refused } from "../errors.ts";
import { parseJsonOfRepeat } from "../json-body.ts";
import type { UntoldRepository } from "../order.ts";
import type { ApiPorts } from "../ports.ts";
import { changedInput, isGiven, isObject } from "../spec-input.ts";
import { textComplaints } from "../text-complaints.ts";
import { errorAnswer, loadRun, runIdParam } from "./answers.ts";
import { answerSubmission, SUBMISSION_ANSWERS, submissionHeaders } from "./submission.ts";

const changesSchema = z.looseObject({}).openapi("RunChanges", {
  description:
    "a JSON Merge Patch (RFC 7396) of the run's spec: objects such as env and tags are merged, null takes a field away so that its default stands, anything else replaces it. A script takes the place of a command and the other way round, a machine's size that of its CPUs.",
  example: { machine: { size: "performance-2x" }, env: { LEVEL: "debug" } },
});

const route = createRoute({
  method: "post",
  path: "/v1/runs/{id}/rerun",
  summary: "Run a run again",
  description:
    "A new run of the same spec, or of one with changes, whose rerun_of is this one. The spec is the one that was stored then: defaults that have changed since make no difference. The run may be at work or final; it is not touched. One with changes is not reported on its commit.",
  request: {
    params: runIdParam,
    headers: submissionHeaders,
    body: { required: false, content: { "application/json": { schema: changesSchema } } },
  },
  responses: { ...SUBMISSION_ANSWERS, 404: errorAnswer("there is no such run") },
});

export function rerunRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openAPIRegistry.registerPath(route);
  app.post("/v1/runs/:id/rerun", async (c) => {
    const { run } = await loadRun(ports.store, c.req.param("id"));
    return answerSubmission(c, ports, async (bytes) => {
      const changes = bytes.byteLength === 0 ? {} : parseJsonOfRepeat(bytes);
      const isChanged = isObject(changes) && Object.keys(changes).length > 0;
      const ordered = {
        originId: run.id,
        job: run.job ?? undefined,
        delivery: (isChanged ? run.delivery && withoutReport(run.delivery) : run.delivery) ?? undefined,
        upstream: repeatedUpstream(run.upstream),
      };
      if (changes instanceof AppError) return { ...ordered, input: changes };
      if (!isObject(changes))
        throw new AppError("invalid_input", "must be an object of the fields to change");
      // Merged, they would be another spec's: a name that can be none is gone then.
      const complaints = textComplaints(changes);
      const input = complaints.length > 0 ? refused(complaints, null) : changedInput(run.spec, changes);
      const untold = await untoldRepository(ports, run, changes);
      return { ...ordered, input, untold };
    });
  });
}

/** Of a run that had no token and is given one the repository that is its change's, unless whoever runs it again writes which. */
async function untoldRepository(
  ports: ApiPorts,
  run: Run,
  { checkout }: Record<string, unknown>,
): Promise<UntoldRepository | undefined> {
  const { checkout: before } = run.spec;
  if (before?.repository == null || before.token !== null || builtChange(run) === null) return;
  if (!isObject(checkout) || !isGiven(checkout.token) || checkout.repository !== undefined) return;
  return { url: before.repository, named: await namedByJob(ports, run.job) };
}

/** The repository in the checkout of the version that a run is of; null where that names none, or is not kept. */
async function namedByJob({ jobs, orgId }: ApiPorts, job: RunJob | null): Promise<string | null> {
  const version = job && (await jobs.version(orgId, job.name, job.version));
  const checkout = version?.definition.run.checkout;
  return isObject(checkout) && typeof checkout.repository === "string" ? checkout.repository : null;
}

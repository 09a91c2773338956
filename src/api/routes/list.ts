/** GET /v1/runs: runs, newest first. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { branchNameOf, COMMIT_COMPLAINT, COMMIT_PREFIX } from "../../core/hook/commit.ts";
import { isRunId } from "../../core/id.ts";
import { DELIVERY_TEXT_MAX_CHARS, LIST_LIMIT_DEFAULT } from "../../core/limits.ts";
import { RUN_STATUSES, type RunStatus } from "../../core/run.ts";
import type { RunFilter } from "../../flow/ports.ts";
import { jobNameField } from "../job-schema.ts";
import type { ApiPorts } from "../ports.ts";
import { runSummary } from "../run-body.ts";
import { type RunListBody, runListSchema } from "../run-schema.ts";
import { instant, instantMs, pageLimit } from "../schema-parts.ts";
import { COMMON_ERRORS } from "./answers.ts";

const statusList = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : [value]).flatMap((text) => text.split(",")))
  .refine(
    (list) => list.every((status) => (RUN_STATUSES as readonly string[]).includes(status)),
    `must be one or more of ${RUN_STATUSES.join(", ")}`,
  );

/** A tag in a filter. */
export const tagField = z
  .string()
  .regex(/^[^:]+:/, 'must be key:value, such as "team:data"')
  .openapi({ example: "team:data" });

/** A commit in a filter. */
export const commitField = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine((text) => COMMIT_PREFIX.test(text), COMMIT_COMPLAINT);

const branchField = z.string().min(1).max(DELIVERY_TEXT_MAX_CHARS).transform(branchNameOf);

/** The query of a list; pages of the dashboard read theirs with the same schema. */
export const listQuerySchema = z.strictObject({
  status: statusList.optional().openapi({
    type: "string",
    description: "one or more, separated by commas or repeated",
    example: "queued,running",
  }),
  tag: tagField.optional(),
  rerun_of: z
    .string()
    .refine(isRunId, "must be a run's id")
    .optional()
    .openapi({ description: "only runs that repeat this one" }),
  job: jobNameField.optional().openapi({ description: "only runs of this job" }),
  commit: commitField.optional().openapi({
    description:
      "only runs that build this commit, or follow one that does: its hash, or how that begins, of seven digits at least",
    example: "72d3162ecc",
  }),
  branch: branchField.optional().openapi({
    description:
      "only runs for what was pushed to this branch, or for a pull request from it within the repository, and those that follow them; refs/heads/main is main",
    example: "main",
  }),
  since: instant.optional().openapi({ description: "accepted at or after" }),
  until: instant.optional().openapi({ description: "accepted before" }),
  limit: pageLimit,
  cursor: z
    .string()
    .refine(isRunId, "must be the next_cursor of the page before, unchanged")
    .optional()
    .openapi({ description: "the next_cursor of the page before" }),
});
export type ListQuery = z.output<typeof listQuerySchema>;

const route = createRoute({
  method: "get",
  path: "/v1/runs",
  summary: "List runs, newest first",
  request: { query: listQuerySchema },
  responses: {
    200: { description: "a page of runs", content: { "application/json": { schema: runListSchema } } },
    ...COMMON_ERRORS,
  },
});

export function listRoute(app: OpenAPIHono, ports: ApiPorts): void {
  app.openapi(route, async (c) => c.json(await pageOfRuns(ports, c.req.valid("query")), 200));
}

/** One page. The cursor is a run's id, so that runs accepted meanwhile move nothing. */
export async function pageOfRuns(
  ports: Pick<ApiPorts, "store" | "orgId">,
  query: ListQuery,
): Promise<RunListBody> {
  const limit = query.limit ?? LIST_LIMIT_DEFAULT;
  const { runs, nextBefore } = await ports.store.list(ports.orgId, { ...filterOf(query), limit });
  return { runs: runs.map((run) => runSummary(run)), next_cursor: nextBefore };
}

/** What a list and a cancel by filter look for. */
export function filterOf(query: Omit<ListQuery, "limit">): Omit<RunFilter, "limit"> {
  const colon = query.tag?.indexOf(":") ?? -1;
  return {
    statuses: (query.status ?? []) as RunStatus[],
    tag:
      query.tag !== undefined ? { key: query.tag.slice(0, colon), value: query.tag.slice(colon + 1) } : null,
    originId: query.rerun_of ?? null,
    job: query.job ?? null,
    commit: query.commit ?? null,
    branch: query.branch ?? null,
    sinceMs: query.since !== undefined ? instantMs(query.since) : null,
    untilMs: query.until !== undefined ? instantMs(query.until) : null,
    beforeRunId: query.cursor ?? null,
  };
}

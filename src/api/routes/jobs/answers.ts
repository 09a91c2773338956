/** Parts that the descriptions of the calls about jobs share. */

import { z } from "@hono/zod-openapi";
import { followedNames } from "../../../core/chain/link.ts";
import { AppError } from "../../../core/error.ts";
import type { JobVersion } from "../../../core/job.ts";
import { CHAIN_DEPTH_MAX, CIRCLE_LOOKED_JOBS_MAX, JOB_VERSIONS_KEPT } from "../../../core/limits.ts";
import type { DefinedJob, JobStore } from "../../../flow/ports/jobs.ts";
import { changedJobSchema, jobNameField } from "../../job-schema.ts";
import { errorAnswer } from "../answers.ts";

export const jobParam = z.strictObject({
  name: jobNameField.openapi({ param: { name: "name", in: "path" } }),
});

const VERSION = "must be a version's number, from 1";

/** A version's number where it is text: in a path or a query. */
export const versionText = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, VERSION)
  .transform(Number)
  .openapi({ type: "integer", minimum: 1 });

export const expectedVersionQuery = z.strictObject({
  expected_version: z
    .string()
    .regex(/^(?:0|[1-9]\d{0,8})$/, "must be a version's number, or 0 for a job that is not there")
    .transform(Number)
    .optional()
    .openapi({
      type: "integer",
      minimum: 0,
      description:
        "the version that must be in force, 0 for no such job: with another one nothing is changed",
    }),
});

/** What is in force after a change. */
export function changedAnswer(description: string) {
  return { description, content: { "application/json": { schema: changedJobSchema } } };
}

export const UNKNOWN_JOB = { 404: errorAnswer("there is no such job") };
export const OTHER_VERSION = { 409: errorAnswer("another version is in force than was expected") };

/** The jobs that there are of those after which one starts, and of those after which these do, as far as a chain goes. */
export async function followedJobs(
  { jobs, orgId }: { jobs: Pick<JobStore, "findAll">; orgId: string },
  { job, definition }: Pick<DefinedJob, "job" | "definition">,
): Promise<DefinedJob[]> {
  const found: DefinedJob[] = [];
  const asked = new Set([job.name]);
  let names = followedNames(definition);
  for (let depth = 0; depth < CHAIN_DEPTH_MAX && names.length > 0; depth++) {
    for (const name of names) asked.add(name);
    const others = (await jobs.findAll(orgId, names)).filter((other) => other.job.deletedAt === null);
    found.push(...others);
    const next = new Set(others.flatMap((other) => followedNames(other.definition)));
    names = [...next].filter((name) => !asked.has(name)).slice(0, CIRCLE_LOOKED_JOBS_MAX - asked.size);
  }
  return found;
}

/** A job that is there. @throws AppError `not_found` */
export async function loadJob(jobs: JobStore, orgId: string, name: string): Promise<DefinedJob> {
  const found = await jobs.find(orgId, name);
  if (found === null || found.job.deletedAt !== null) throw unknownJob(name);
  return found;
}

/** A version that is kept. @throws AppError `not_found` */
export async function loadVersion(
  jobs: JobStore,
  orgId: string,
  name: string,
  version: number,
  path: string,
): Promise<JobVersion> {
  const found = await jobs.version(orgId, name, version);
  if (found !== null) return found;
  throw new AppError(
    "not_found",
    `there is no version ${version} of a job ${name}; of each job the newest ${JOB_VERSIONS_KEPT} are kept`,
    path,
  );
}

export function unknownJob(name: string): AppError {
  return new AppError("not_found", `there is no job ${name}`, "path.name");
}

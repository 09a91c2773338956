/** Lists of what jobs have, over all jobs or of one, in pages by job and name. */

import { z } from "@hono/zod-openapi";
import { JOB_NAME } from "../core/job.ts";
import { LIST_LIMIT_DEFAULT } from "../core/limits.ts";
import { jobNameField } from "./job-schema.ts";
import { pageLimit } from "./schema-parts.ts";

export interface ByJobQuery {
  cursor?: string | undefined;
  limit?: number | undefined;
  job?: string | undefined;
}

/** @param what the list is of: "schedule" */
export function byJobQuery(what: string) {
  const cursor = `must be the next_cursor of the page before: a job and a ${what} of it, with a / between`;
  return z.strictObject({
    limit: pageLimit,
    job: jobNameField.optional().openapi({ description: "only those of this job" }),
    cursor: z
      .string()
      .refine(
        (text) => text.split("/").length === 2 && text.split("/").every((part) => JOB_NAME.test(part)),
        cursor,
      )
      .optional()
      .openapi({ description: cursor }),
  });
}

/** One page. @param list those after one of them, null for the first, as many as one asks for */
export async function pageByJob<T extends { job: string; name: string }>(
  { cursor, limit = LIST_LIMIT_DEFAULT, job: of }: ByJobQuery,
  list: (after: { job: string; name: string } | null, limit: number) => Promise<T[]>,
): Promise<{ page: T[]; nextCursor: string | null }> {
  const [job = "", name = ""] = cursor?.split("/") ?? (of === undefined ? [] : [of, ""]);
  // One more than asked tells whether there is another page.
  const found = await list(job === "" ? null : { job, name }, limit + 1);
  const fit = of === undefined ? found : found.filter((one) => one.job === of);
  const page = fit.slice(0, limit);
  const last = fit.length > limit ? page.at(-1) : undefined;
  return { page, nextCursor: last === undefined ? null : `${last.job}/${last.name}` };
}

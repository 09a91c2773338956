/** All jobs, page by page. */

import type { JobListBody } from "../api/job-schema.ts";
import { LIST_LIMIT_MAX } from "../core/limits.ts";
import type { Client } from "./api-client.ts";
import type { Io } from "./io.ts";
import { retried } from "./retried.ts";

export async function allJobs(io: Pick<Io, "sleep">, client: Client): Promise<JobListBody["jobs"]> {
  const jobs: JobListBody["jobs"] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const query = { limit: LIST_LIMIT_MAX, ...(cursor !== undefined && { cursor }) };
    const page: JobListBody = await retried(io, () => client.jobs(query));
    jobs.push(...page.jobs);
    cursor = page.next_cursor;
  }
  return jobs;
}

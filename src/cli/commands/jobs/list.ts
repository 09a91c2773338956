/** `mayfly jobs list`: jobs by name. */

import { Command } from "commander";
import type { JobListBody } from "../../../api/job-schema.ts";
import { LIST_LIMIT_MAX } from "../../../core/limits.ts";
import type { Client } from "../../api-client.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { retried } from "../../retried.ts";
import { age } from "../../spans.ts";
import { table } from "../../table.ts";

export interface ListJobsOptions extends ConnectionOptions {
  json?: boolean;
}

export function listJobsCommand(act: (options: ListJobsOptions) => Promise<void>): Command {
  const command = new Command("list")
    .summary("list jobs by name")
    .description("Lists all jobs by name, each with the number of the version in force.")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly jobs list\n")
    .action((options: ListJobsOptions) => act(options));
  return withConnection(command);
}

export async function listJobs({ json }: ListJobsOptions, io: Io, client: Client): Promise<void> {
  const jobs: JobListBody["jobs"] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const query = { limit: LIST_LIMIT_MAX, ...(cursor !== undefined && { cursor }) };
    const page: JobListBody = await retried(io, () => client.jobs(query));
    jobs.push(...page.jobs);
    cursor = page.next_cursor;
  }
  if (json) return write(io.stdout, `${JSON.stringify(jobs, null, 2)}\n`);
  if (jobs.length === 0) return write(io.stderr, "no jobs\n");
  const rows = jobs.map((job) => [
    job.name,
    String(job.version),
    `${age(Date.parse(job.updated_at), io.now())} ago`,
    job.paused_at === null ? "" : "paused",
    job.description ?? "",
  ]);
  const width = io.stdoutIsTty ? io.columns : null;
  return write(io.stdout, table(["NAME", "VERSION", "CHANGED", "STATE", "DESCRIPTION"], rows, width));
}

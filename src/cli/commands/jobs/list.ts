/** `mayfly jobs list`: jobs by name. */

import { Command } from "commander";
import { startsWords } from "../../../core/starts-words.ts";
import { allJobs } from "../../all-jobs.ts";
import type { Client } from "../../api-client.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
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
  const jobs = await allJobs(io, client);
  if (json) return write(io.stdout, `${JSON.stringify(jobs, null, 2)}\n`);
  if (jobs.length === 0) return write(io.stderr, "no jobs\n");
  const rows = jobs.map((job) => [
    job.name,
    String(job.version),
    `${age(Date.parse(job.updated_at), io.now())} ago`,
    job.paused_at === null ? "" : "paused",
    startsWords(job).join("; "),
    job.description ?? "",
  ]);
  const width = io.stdoutIsTty ? io.columns : null;
  return write(
    io.stdout,
    table(["NAME", "VERSION", "CHANGED", "STATE", "STARTS", "DESCRIPTION"], rows, width),
  );
}

/** `mayfly jobs show`: a job, or one of its versions, as it was put. */

import { Command } from "commander";
import type { AlertBody } from "../../../api/alert-schema.ts";
import type { JobVersionBody, ShownJobBody } from "../../../api/job-schema.ts";
import type { Client } from "../../api-client.ts";
import { withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { retried } from "../../retried.ts";
import { facts } from "../../table.ts";
import { type JobOptions, orNoJob, versionNumber } from "./job-call.ts";

export interface ShowJobOptions extends JobOptions {
  ofVersion?: number;
  json?: boolean;
}

export function showJobCommand(act: (options: ShowJobOptions) => Promise<void>): Command {
  const command = new Command("show")
    .summary("show a job, or one of its versions")
    .description("Shows a job with what its runs do, as it was put: what is left out has its default.")
    .argument("<name>", "the job")
    .option("--of-version <number>", "this version in place of the one in force", versionNumber)
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly jobs show deploy --of-version 3\n")
    .action((name: string, options: Omit<ShowJobOptions, "name">) => act({ ...options, name }));
  return withConnection(command);
}

export async function showJob(options: ShowJobOptions, io: Io, client: Client): Promise<void> {
  const { name, ofVersion, json } = options;
  const job = await retried(
    io,
    (): Promise<ShownJobBody | JobVersionBody> =>
      ofVersion === undefined ? client.job(name) : client.jobVersion(name, ofVersion),
  ).catch(orNoJob(name, client));
  await write(io.stdout, json ? `${JSON.stringify(job, null, 2)}\n` : text(name, job));
}

function text(name: string, job: ShownJobBody | JobVersionBody): string {
  const labels = Object.entries(job.labels).map(([key, value]) => `${key}=${value}`);
  const paused = "paused_at" in job && job.paused_at !== null ? `since ${job.paused_at}` : null;
  const about = facts([
    ["Name", name],
    ["Version", String(job.version)],
    ["Description", job.description],
    ["Labels", labels.join(", ") || null],
    ["Paused", paused],
    ["Expected", job.expect_every === null ? null : `to succeed every ${job.expect_every}`],
    ["Starts after", job.on.map(linkText).join(", ") || null],
    ["Followed by", "followed_by" in job ? job.followed_by.map(followerText).join(", ") || null : null],
    ["Last alert", "last_alert" in job && job.last_alert ? alertText(job.last_alert) : null],
    ["Put", "updated_at" in job ? job.updated_at : job.created_at],
  ]);
  const schema = job.input_schema === null ? "" : `\nInput schema\n${shown(job.input_schema)}`;
  return `${about}\nRun\n${shown(job.run)}${schema}`;
}

function linkText({ job, outcome = "succeeded" }: ShownJobBody["on"][number]): string {
  return `${job} ${outcome}`;
}

function followerText({ job, outcomes }: ShownJobBody["followed_by"][number]): string {
  return `${job} (${outcomes.join(", ")})`;
}

function alertText({ at, schedule, hook, detail }: AlertBody): string {
  const part = schedule ?? hook;
  return `${at}${part === null ? "" : `, ${part}`}: ${detail}`;
}

/** JSON spells every control character out. */
function shown(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** `mayfly jobs export`: jobs in force as a file that changes nothing when it is applied. */

import { Command } from "commander";
import type { JobDefinition } from "../../../core/job.ts";
import { allJobs } from "../../all-jobs.ts";
import type { Client } from "../../api-client.ts";
import { CliError, UsageError } from "../../cli-error.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { known } from "./known.ts";

export interface ExportOptions extends ConnectionOptions {
  names: string[];
  project?: string;
}

export function exportJobsCommand(act: (options: ExportOptions) => Promise<void>): Command {
  const command = new Command("export")
    .summary("print jobs as a mayfly.yaml")
    .description(
      "Prints the jobs that are named, or all, as a file that mayfly apply takes: applied at once it changes nothing. A file is of one project; of jobs of several name one, or the jobs.",
    )
    .argument("[names...]", "the jobs")
    .option("--project <name>", "those that an apply of this project made")
    .addHelpText(
      "after",
      "\nExamples:\n  mayfly jobs export > mayfly.yaml\n  mayfly jobs export deploy report\n",
    )
    .action((names: string[], options: Omit<ExportOptions, "names">) => act({ ...options, names }));
  return withConnection(command);
}

export async function exportJobs({ names, project }: ExportOptions, io: Io, client: Client): Promise<void> {
  const { jobsFileText } = await import("../../../jobs-file/write.ts");
  const { PROJECT_DEFAULT, projectOf, withoutProject } = await import("../../../jobs-file/project.ts");
  const wanted = names.length > 0 ? names : (await allJobs(io, client)).map(({ name }) => name);
  const jobs: Record<string, JobDefinition> = {};
  const projects = new Set<string>();
  for (const name of wanted) {
    const job = await known(name, io, client);
    // One of all that are listed can be deleted meanwhile.
    if (job === null && names.length === 0) continue;
    if (job === null)
      throw new CliError(`there is no job ${plain(name)}`, {
        hint: `\`${client.command} jobs list\` shows them`,
      });
    const owner = projectOf(job.definition);
    if (project !== undefined && owner !== project) continue;
    if (owner !== null) projects.add(owner);
    jobs[name] = withoutProject(job.definition);
  }
  if (projects.size > 1)
    throw new UsageError(
      `they are of several projects: ${plain([...projects].sort().join(", "))}`,
      "--project exports those of one",
    );
  const [owner = PROJECT_DEFAULT] = projects;
  const schemaUrl = `${client.url}/mayfly.schema.json`;
  await write(io.stdout, jobsFileText({ project: project ?? owner, jobs, schemaUrl }));
}

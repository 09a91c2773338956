/** `mayfly jobs pause`: nothing starts runs of a job by itself. */

import { Command } from "commander";
import type { Client } from "../../api-client.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { type JobOptions, orNoJob } from "./job-call.ts";

export function pauseJobCommand(act: (options: JobOptions) => Promise<void>): Command {
  const command = new Command("pause")
    .summary("pause a job")
    .description(
      "Pauses a job: nothing starts runs of it by itself any more, and mayfly jobs run still does. Runs that are at work go on.",
    )
    .argument("<name>", "the job")
    .addHelpText("after", "\nExample:\n  mayfly jobs pause deploy\n")
    .action((name: string, options: ConnectionOptions) => act({ ...options, name }));
  return withConnection(command);
}

export async function pauseJob({ name }: JobOptions, io: Io, client: Client): Promise<void> {
  const job = await retried(io, () => client.pauseJob(name)).catch(orNoJob(name, client));
  await write(io.stdout, `${plain(job.name)} is paused\n`);
}

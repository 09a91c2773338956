/** `mayfly jobs resume`: the end of a pause. */

import { Command } from "commander";
import type { Client } from "../../api-client.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { type JobOptions, orNoJob } from "./job-call.ts";

export function resumeJobCommand(act: (options: JobOptions) => Promise<void>): Command {
  const command = new Command("resume")
    .summary("end the pause of a job")
    .description("Ends the pause of a job.")
    .argument("<name>", "the job")
    .addHelpText("after", "\nExample:\n  mayfly jobs resume deploy\n")
    .action((name: string, options: ConnectionOptions) => act({ ...options, name }));
  return withConnection(command);
}

export async function resumeJob({ name }: JobOptions, io: Io, client: Client): Promise<void> {
  const job = await retried(io, () => client.resumeJob(name)).catch(orNoJob(name, client));
  await write(io.stdout, `${plain(job.name)} is not paused\n`);
}

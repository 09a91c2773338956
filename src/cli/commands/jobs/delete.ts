/** `mayfly jobs delete`: no run of a job is started any more. */

import { Command } from "commander";
import type { Client } from "../../api-client.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { type JobOptions, orNoJob } from "./job-call.ts";

export function deleteJobCommand(act: (options: JobOptions) => Promise<void>): Command {
  const command = new Command("delete")
    .summary("delete a job")
    .description(
      "Deletes a job. Its runs stay and go on, its versions can still be shown, and a job that is put under its name later goes on counting them.",
    )
    .argument("<name>", "the job")
    .addHelpText("after", "\nExample:\n  mayfly jobs delete deploy\n")
    .action((name: string, options: ConnectionOptions) => act({ ...options, name }));
  return withConnection(command);
}

/** Asked once: a second time it would not be there. */
export async function deleteJob({ name }: JobOptions, io: Io, client: Client): Promise<void> {
  await client.deleteJob(name).catch(orNoJob(name, client));
  await write(io.stdout, `${plain(name)} is deleted\n`);
}

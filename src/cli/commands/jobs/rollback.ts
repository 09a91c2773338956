/** `mayfly jobs rollback`: an earlier version into force again. */

import { Command } from "commander";
import type { Client } from "../../api-client.ts";
import { withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { type JobOptions, orNoJob, versionNumber } from "./job-call.ts";

export interface RollbackJobOptions extends JobOptions {
  to: number;
}

export function rollbackJobCommand(act: (options: RollbackJobOptions) => Promise<void>): Command {
  const command = new Command("rollback")
    .summary("put an earlier version of a job into force again")
    .description("Puts an earlier version into force again, as a version with the next number.")
    .argument("<name>", "the job")
    .argument("<version>", "the version to go back to", versionNumber)
    .addHelpText("after", "\nExample:\n  mayfly jobs rollback deploy 3\n")
    .action((name: string, to: number, options: Omit<RollbackJobOptions, "name" | "to">) =>
      act({ ...options, name, to }),
    );
  return withConnection(command);
}

export async function rollbackJob({ name, to }: RollbackJobOptions, io: Io, client: Client): Promise<void> {
  const job = await retried(io, () => client.rollbackJob(name, to)).catch(orNoJob(name, client));
  const what =
    job.outcome === "unchanged"
      ? `is as it was in version ${to} already, with version ${job.version}`
      : `has version ${job.version} in force, the same as version ${to}`;
  await write(io.stdout, `${plain(job.name)} ${what}\n`);
}

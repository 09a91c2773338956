/** `mayfly runs cancel`: ask a run to end. */

import { Command } from "commander";
import { isFinal } from "../../../core/run.ts";
import type { Client } from "../../api-client.ts";
import { ApiError, orNoRun } from "../../api-error.ts";
import { CliError } from "../../cli-error.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { standing } from "../../run-words.ts";

export interface CancelOptions extends ConnectionOptions {
  runId: string;
}

export function cancelCommand(act: (options: CancelOptions) => Promise<void>): Command {
  const command = new Command("cancel")
    .summary("ask a run to end")
    .description(
      "Asks a run to end: its command gets SIGTERM and, after the run's stop limit, SIGKILL. Does not wait for it.",
    )
    .argument("<id>", "the run")
    .addHelpText("after", "\nExample:\n  mayfly runs cancel run_01jd0k3v7c9q2m8w5x4y6z7a8b\n")
    .action((runId: string, options: ConnectionOptions) => act({ ...options, runId }));
  return withConnection(command);
}

export async function cancelRun({ runId }: CancelOptions, io: Io, client: Client): Promise<void> {
  const run = await retried(io, () => client.cancel(runId))
    .catch(final)
    .catch(orNoRun(runId, client.command));
  const said = isFinal(run.status) ? standing(run, io.now()) : "is being cancelled";
  await write(io.stdout, `${plain(run.id)} ${plain(said)}\n`);
}

function final(error: unknown): never {
  if (error instanceof ApiError && error.code === "run_is_final") throw new CliError(error.message);
  throw error;
}

/** `mayfly runs rerun`: order a run once more, the same or with changes. */

import { randomUUID } from "node:crypto";
import { Command, Option } from "commander";
import type { Client } from "../../api-client.ts";
import { ApiError, orNoRun } from "../../api-error.ts";
import { UsageError } from "../../cli-error.ts";
import { withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { type ParsedSpec, type SpecOptions, specOptionsOf, withSpecOptions } from "../run/options.ts";
import { changesOf } from "../run/spec.ts";
import { inOptions } from "../run/submit.ts";

export interface RerunOptions extends SpecOptions {
  runId: string;
  image?: string;
  capture?: "output" | "none";
  json: boolean;
}

type Parsed = ParsedSpec & Pick<RerunOptions, "image" | "capture"> & { json?: boolean };

export function rerunCommand(act: (options: RerunOptions) => Promise<void>): Command {
  const command = new Command("rerun")
    .summary("run a run again, the same or with changes")
    .description(
      "Orders a run once more and prints the new run's id. Options and a command change what they name; variables and tags are added to those of the run, files and regions take the place of them.",
    )
    .usage("<id> [options] [-- command [args...]]")
    .argument("<id>", "the run")
    .argument("[command...]", "another program and its arguments")
    .option("--image <image>", "another image");
  withSpecOptions(command)
    .addOption(new Option("--capture <what>", "another way to have the output").choices(["output", "none"]))
    .option("--json", "print the new run as JSON in place of its id")
    .addHelpText("after", EXAMPLES)
    .action((runId: string, words: string[], { json = false, ...parsed }: Parsed) =>
      act({ ...specOptionsOf(words, parsed), runId, json }),
    );
  return withConnection(command);
}

const EXAMPLES = `
Examples:
  mayfly runs rerun run_01jd0k3v7c9q2m8w5x4y6z7a8b
  mayfly runs rerun run_01jd0k3v7c9q2m8w5x4y6z7a8b --size performance-2x --env LEVEL=debug
  mayfly runs logs --follow $(mayfly runs rerun run_01jd0k3v7c9q2m8w5x4y6z7a8b -- make test)
`;

export async function rerun(options: RerunOptions, io: Io, client: Client): Promise<void> {
  const { runId, json } = options;
  const changes = await changesOf(options, io);
  // The same key goes with every try, so that a lost answer does not make two runs.
  const key = randomUUID();
  const run = await retried(io, () => client.rerun(runId, changes, key))
    .catch(notAccepted)
    .catch(orNoRun(runId, client.command));
  await write(io.stdout, json ? `${JSON.stringify(run, null, 2)}\n` : `${plain(run.id)}\n`);
  await write(io.stderr, `${client.url}/runs/${plain(run.id)}\n`);
}

function notAccepted(error: unknown): never {
  if (error instanceof ApiError && error.status === 422)
    throw new UsageError(inOptions(error.message, error.path));
  throw error;
}

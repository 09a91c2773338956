/** `mayfly runs logs`: what a run's command wrote, as it wrote it. */

import { Command, Option } from "commander";
import type { Stream } from "../../../core/output.ts";
import type { Client } from "../../api-client.ts";
import { orNoRun } from "../../api-error.ts";
import { sayAttempts } from "../../attempts.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { bytesOf, follow, sayContact } from "../../follow.ts";
import { type Io, say, write } from "../../io.ts";
import { outputNote } from "../../run-words.ts";

export interface LogsOptions extends ConnectionOptions {
  runId: string;
  follow?: boolean;
  stream?: Stream;
  step?: string;
  attempt?: string;
}

export function logsCommand(act: (options: LogsOptions) => Promise<void>): Command {
  const command = new Command("logs")
    .summary("print a run's output")
    .description(
      "Prints what a run's command wrote: stdout to stdout, stderr to stderr; where a later attempt begins to write, a line on stderr says so. With --stream one of them, to stdout. With --step only what that step wrote.",
    )
    .argument("<id>", "the run")
    .option("--follow", "go on until the run ends")
    .addOption(new Option("--stream <stream>", "only this one").choices(["stdout", "stderr"]))
    .addOption(
      new Option("--step <step>", "only what this step wrote, by its name or number").conflicts("follow"),
    )
    .option("--attempt <number>", "whose step; the last attempt's where it is left out")
    .addHelpText("after", EXAMPLES)
    .action((runId: string, options: Omit<LogsOptions, "runId">) => act({ ...options, runId }));
  return withConnection(command);
}

const EXAMPLES = `
Examples:
  mayfly runs logs run_01jd0k3v7c9q2m8w5x4y6z7a8b --follow
  mayfly runs logs run_01jd0k3v7c9q2m8w5x4y6z7a8b --stream stdout > out.bin
  mayfly runs logs run_01jd0k3v7c9q2m8w5x4y6z7a8b --step test
`;

export async function logs(options: LogsOptions, io: Io, client: Client): Promise<void> {
  return options.follow ? followed(options, io, client) : stored(options, io, client);
}

async function stored({ runId, stream, step, attempt }: LogsOptions, io: Io, client: Client): Promise<void> {
  const run = await client.show(runId).catch(orNoRun(runId, client.command));
  const section = { ...(step !== undefined && { step }), ...(attempt !== undefined && { attempt }) };
  if (stream !== undefined) {
    for await (const bytes of await client.output(runId, stream, section)) await write(io.stdout, bytes);
  } else {
    const onAttempt = sayAttempts((line) => say(io, line));
    for await (const line of client.outputLines(runId, section)) {
      // Of a step's attempt whoever asks knows.
      if (step === undefined) await onAttempt(line);
      await write(line.stream === "stdout" ? io.stdout : io.stderr, bytesOf(line));
    }
  }
  await sayWhatIsMissing(io, run);
}

async function followed({ runId, stream }: LogsOptions, io: Io, client: Client): Promise<void> {
  const onAttempt = sayAttempts((line) => say(io, line));
  const end = await follow(client, io, runId, {
    async onOutput(line, bytes) {
      if (stream !== undefined) return line.stream === stream ? write(io.stdout, bytes) : undefined;
      await onAttempt(line);
      await write(line.stream === "stdout" ? io.stdout : io.stderr, bytes);
    },
    ...sayContact(client.url, (line) => say(io, line)),
  }).catch(orNoRun(runId, client.command));
  if (end !== null) await sayWhatIsMissing(io, end);
}

async function sayWhatIsMissing(io: Io, run: Parameters<typeof outputNote>[0]): Promise<void> {
  const note = outputNote(run);
  if (note !== null) await say(io, note);
}

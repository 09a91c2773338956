/** `mayfly runs logs`: what a run's command wrote, as it wrote it. */

import { Command, Option } from "commander";
import type { Stream } from "../../../core/output.ts";
import type { Client } from "../../api-client.ts";
import { orNoRun } from "../../api-error.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { bytesOf, follow, sayContact } from "../../follow.ts";
import { HeadedOutput } from "../../headed-output.ts";
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
      "Prints what a run's command wrote: stdout to stdout, stderr to stderr; where a later attempt begins to write, a line on stderr says so, and at a terminal how each step goes. With --stream one of them, to stdout. With --step only what that step wrote.",
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
  } else if (step !== undefined) {
    for await (const line of client.outputLines(runId, section))
      await write(line.stream === "stdout" ? io.stdout : io.stderr, bytesOf(line));
  } else {
    const output = headed(io);
    for (const { number, steps } of run.attempts)
      for (const each of steps) await output.know({ attempt: number, ...each });
    for await (const line of client.outputLines(runId, section)) await output.write(line, bytesOf(line));
    await output.end();
  }
  await sayWhatIsMissing(io, run);
}

async function followed({ runId, stream }: LogsOptions, io: Io, client: Client): Promise<void> {
  const output = headed(io);
  const end = await follow(client, io, runId, {
    async onOutput(line, bytes) {
      if (stream === undefined) await output.write(line, bytes);
      else if (line.stream === stream) await write(io.stdout, bytes);
    },
    async onStep(step) {
      if (stream === undefined) await output.know(step);
    },
    ...sayContact(client.url, (line) => say(io, line)),
  }).catch(orNoRun(runId, client.command));
  await output.end();
  if (end !== null) await sayWhatIsMissing(io, end);
}

function headed(io: Io): HeadedOutput {
  return new HeadedOutput(io, {
    tell: (line) => say(io, line),
    pass: (line, bytes) => write(line.stream === "stdout" ? io.stdout : io.stderr, bytes),
  });
}

async function sayWhatIsMissing(io: Io, run: Parameters<typeof outputNote>[0]): Promise<void> {
  const note = outputNote(run);
  if (note !== null) await say(io, note);
}

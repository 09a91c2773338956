/** `mayfly jobs run`: run a job, and end as its command did. */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { Command, Option } from "commander";
import type { Client, JobOrder } from "../../api-client.ts";
import { UsageError } from "../../cli-error.ts";
import { withConnection } from "../../connection.ts";
import { type Io, say } from "../../io.ts";
import { plain } from "../../plain.ts";
import {
  idempotencyKey,
  type ParsedSpec,
  type RunOptions,
  type SpecOptions,
  specOptionsOf,
  withSpecOptions,
} from "../run/options.ts";
import { orderAndFollow } from "../run/run.ts";
import { changesOf } from "../run/spec.ts";
import { ordered } from "../run/submit.ts";
import { orNoJob } from "./job-call.ts";

export interface RunJobOptions
  extends SpecOptions,
    Partial<Pick<RunOptions, "image" | "capture" | "idempotencyKey">> {
  job: string;
  /** JSON, or "@" and the path of a file with it, "@-" for stdin. */
  input?: string;
  detach: boolean;
  json: boolean;
}

type Parsed = ParsedSpec &
  Pick<RunJobOptions, "image" | "capture" | "idempotencyKey" | "input"> & {
    detach?: boolean;
    json?: boolean;
  };

export function runJobCommand(act: (options: RunJobOptions) => Promise<void>): Command {
  const command = new Command("run")
    .summary("run a job")
    .description(
      "Runs a job. Output comes here as it is written, and this command ends as the job's did, with the exit codes of mayfly run. Options and a command do otherwise what they name, for this run alone.",
    )
    .usage("<name> [options] [-- command [args...]]")
    .argument("<name>", "the job")
    .argument("[command...]", "another program and its arguments")
    .option("--input <json>", "the run's input as JSON; @file reads it from a file, @- from stdin")
    .option("--image <image>", "another image");
  withSpecOptions(command)
    .addOption(new Option("--capture <what>", "another way to have the output").choices(["output", "none"]))
    .option(
      "--idempotency-key <key>",
      "running it again with the same key answers the same run",
      idempotencyKey,
    )
    .option("--detach", "print the run's id at once and leave it running")
    .option("--json", "print the final run as JSON to stdout in place of its output")
    .addHelpText("after", EXAMPLES)
    .action((job: string, words: string[], { detach = false, json = false, ...parsed }: Parsed) =>
      act({ ...specOptionsOf(words, parsed), job, detach, json }),
    );
  return withConnection(command);
}

const EXAMPLES = `
Examples:
  mayfly jobs run deploy --input '{"env": "prod"}'
  mayfly jobs run report --input @input.json --size performance-2x --detach
`;

/** Runs it and answers the exit code to end with. */
export async function runJob(options: RunJobOptions, io: Io, client: Client): Promise<number> {
  const { job, input, idempotencyKey: key } = options;
  const overrides = await changesOf(options, io);
  const order: JobOrder = { overrides, ...(input !== undefined && { input: await inputOf(input, io) }) };
  return orderAndFollow(options, io, client, (signal) =>
    ordered(client, io, key, signal, async (idempotencyKey) => {
      const asked = client.runJob(job, order, idempotencyKey, signal);
      const { run, pausedAt } = await asked.catch(orNoJob(job, client));
      // The run is accepted, whoever still reads of it.
      if (pausedAt !== null)
        await say(io, `${plain(job)} is paused since ${plain(pausedAt)}; it runs all the same`).catch(
          () => undefined,
        );
      return run;
    }),
  );
}

/** @throws UsageError where it is no JSON, or its file can not be read */
async function inputOf(text: string, io: Pick<Io, "cwd" | "stdin">): Promise<unknown> {
  const json = text.startsWith("@") ? await fileText(text.slice(1), io) : text;
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new UsageError(
      `--input: it is no JSON (${plain((error as Error).message)})`,
      'one looks like \'{"env": "prod"}\', and @file reads it from a file',
    );
  }
}

async function fileText(path: string, io: Pick<Io, "cwd" | "stdin">): Promise<string> {
  if (path === "-") return (await buffer(io.stdin)).toString("utf8");
  return readFile(resolve(io.cwd, path), "utf8").catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === "ENOENT" ? "there is no such file" : error.message;
    throw new UsageError(`--input @${plain(path)}: ${plain(reason)}`);
  });
}

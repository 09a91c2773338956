/** `mayfly jobs diff`: what is different between two versions of a job. */

import { Command } from "commander";
import type { JobDiffBody } from "../../../api/job-schema.ts";
import type { Client } from "../../api-client.ts";
import { withConnection } from "../../connection.ts";
import { type Io, say, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { type JobOptions, orNoJob, versionNumber } from "./job-call.ts";

export interface DiffJobOptions extends JobOptions {
  from?: number;
  to?: number;
  json?: boolean;
}

export function diffJobCommand(act: (options: DiffJobOptions) => Promise<void>): Command {
  const command = new Command("diff")
    .summary("compare two versions of a job")
    .description(
      "Prints each path that differs between two versions: - for what the earlier has, + for the later. Unless told otherwise the later is the one in force, and the earlier the one before it.",
    )
    .argument("<name>", "the job")
    .option("--from <number>", "the earlier version", versionNumber)
    .option("--to <number>", "the later version", versionNumber)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  mayfly jobs diff deploy\n  mayfly jobs diff deploy --from 2 --to 5\n",
    )
    .action((name: string, options: Omit<DiffJobOptions, "name">) => act({ ...options, name }));
  return withConnection(command);
}

export async function diffJob(options: DiffJobOptions, io: Io, client: Client): Promise<void> {
  const { name, from, to, json } = options;
  const query = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const diff = await retried(io, () => client.jobDiff(name, query)).catch(orNoJob(name, client));
  if (json) return write(io.stdout, `${JSON.stringify(diff, null, 2)}\n`);
  await say(io, `${plain(name)}, version ${diff.from} to ${diff.to}`);
  if (diff.changes.length === 0) return say(io, "they are the same");
  await write(io.stdout, diff.changes.map(changeLines).join(""));
  if (!diff.is_whole) await say(io, "… and more");
}

/** One difference: a line for what was, and one for what is. */
export function changeLines({ path, from, to }: JobDiffBody["changes"][number]): string {
  const line = (sign: string, value: unknown) =>
    value === undefined ? "" : `${sign} ${plain(path)}: ${plain(JSON.stringify(value))}\n`;
  return line("-", from) + line("+", to);
}

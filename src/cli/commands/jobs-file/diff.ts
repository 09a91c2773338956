/** `mayfly diff`: what apply would change. */

import { Command } from "commander";
import type { Client } from "../../api-client.ts";
import { EXIT } from "../../cli-error.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, say, write } from "../../io.ts";
import { makePlan } from "./make-plan.ts";
import { changesOf, countsText, planJson, planText } from "./show-plan.ts";

export interface DiffOptions extends ConnectionOptions {
  paths: string[];
  prune?: boolean;
  json?: boolean;
}

export function diffCommand(act: (options: DiffOptions) => Promise<void>): Command {
  const command = new Command("diff")
    .summary("show what apply would change")
    .description(
      "Compares mayfly.yaml, or the files and folders that are named, with the jobs in force, and prints each path that differs: - for what is in force, + for what the file has. It ends with 0 where there is no difference and with 3 where there is one.",
    )
    .argument("[files...]", "files, folders of .yaml files, or - for stdin")
    .option("--prune", "also tell which jobs of the files' projects no file defines any more")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExamples:\n  mayfly diff\n  mayfly diff --prune jobs/\n")
    .action((paths: string[], options: Omit<DiffOptions, "paths">) => act({ ...options, paths }));
  return withConnection(command);
}

/** Answers the exit code. */
export async function diffFiles(options: DiffOptions, io: Io, client: Client): Promise<number> {
  const plan = await makePlan(options.paths, options.prune === true, io, client);
  await write(io.stdout, options.json ? planJson(plan) : planText(plan));
  await say(io, countsText(plan));
  return changesOf(plan).length === 0 ? EXIT.ok : EXIT.different;
}

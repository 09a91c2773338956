/** `mayfly apply`: put into force what files define. */

import { Command } from "commander";
import type { Client } from "../../api-client.ts";
import { ApiError } from "../../api-error.ts";
import { CliError, EXIT, UsageError } from "../../cli-error.ts";
import { withConnection } from "../../connection.ts";
import { type Io, say, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { askYes } from "./ask-yes.ts";
import { type DiffOptions, diffFiles } from "./diff.ts";
import { known } from "./known.ts";
import { makePlan } from "./make-plan.ts";
import { type Change, changesOf, countsText, planJson, planText } from "./show-plan.ts";

export interface ApplyOptions extends DiffOptions {
  yes?: boolean;
  dryRun?: boolean;
}

export function applyCommand(act: (options: ApplyOptions) => Promise<void>): Command {
  const command = new Command("apply")
    .summary("put into force the jobs that files define")
    .description(
      "Shows what mayfly.yaml, or the files and folders that are named, would change of the jobs in force, asks, and changes it. A job that somebody changes between the plan and its turn is left as it is, and the command ends with 1; those before it are applied, and applying again goes on.",
    )
    .argument("[files...]", "files, folders of .yaml files, or - for stdin")
    .option("--yes", "do not ask; needed where there is no terminal")
    .option(
      "--prune",
      "also delete jobs that an apply of the files' projects made and no file defines any more",
    )
    .option("--dry-run", "change nothing; ends like mayfly diff")
    .option("--json", "print the plan as JSON")
    .addHelpText("after", EXAMPLES)
    .action((paths: string[], options: Omit<ApplyOptions, "paths">) => act({ ...options, paths }));
  return withConnection(command);
}

const EXAMPLES = `
Examples:
  mayfly apply
  mayfly apply --yes --prune jobs/
  mayfly apply --dry-run
`;

/** Answers the exit code. */
export async function apply(options: ApplyOptions, io: Io, client: Client): Promise<number> {
  if (options.dryRun) return diffFiles(options, io, client);
  const plan = await makePlan(options.paths, options.prune === true, io, client);
  const changes = changesOf(plan);
  await write(io.stdout, options.json ? planJson(plan) : planText(plan));
  await say(io, countsText(plan));
  if (changes.length === 0) return EXIT.ok;
  if (!options.yes) {
    const answer = options.paths.includes("-") ? null : await askYes(io, "Apply? [y/N] ");
    if (answer === null)
      throw new UsageError(
        "nobody can be asked here",
        "--yes applies the plan without, --dry-run only shows it",
      );
    if (!answer) throw new CliError("nothing was changed");
  }
  for (const [done, change] of changes.entries())
    await say(io, await applied(change, io, client).catch(afterSome(done, changes.length)));
  return EXIT.ok;
}

/** Carries out a step, and says so. What is not as the plan saw it stays as it is. */
async function applied(step: Change, io: Io, client: Client): Promise<string> {
  const name = plain(step.name);
  if (step.action === "delete") {
    await retried(io, () => client.deleteJob(step.name, step.version)).catch(async (error: unknown) => {
      // Gone is what was wanted, and the answer of the call that did it may be lost.
      if (!hasCode(error, "not_found"))
        throw hasCode(error, "version_conflict") ? changedMeanwhile(name) : error;
    });
    return `${name} is deleted`;
  }
  const expected = step.action === "create" ? 0 : step.version;
  const job = await retried(io, () => client.putJob(step.name, step.definition, expected)).catch(
    async (error: unknown) => {
      if (!hasCode(error, "version_conflict")) throw error;
      const { isInForce } = await import("../../../jobs-file/plan.ts");
      const now = await known(step.name, io, client);
      if (now !== null && isInForce(step.definition, now.definition, step.name)) return now;
      throw changedMeanwhile(name);
    },
  );
  return `${name}: version ${job.version} is in force`;
}

function changedMeanwhile(name: string): CliError {
  return new CliError(`${name} was changed by somebody since it was looked at; it is left as it is`, {
    hint: "mayfly diff shows what is different now, and mayfly apply goes on",
  });
}

/** A failure tells how far it came. */
function afterSome(done: number, all: number): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof CliError) || done === 0) throw error;
    const { hint, exitCode } = error;
    throw new CliError(`${error.message} (${done} of ${all} are applied)`, {
      ...(hint !== null && { hint }),
      exitCode,
      cause: error,
    });
  };
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof ApiError && error.code === code;
}

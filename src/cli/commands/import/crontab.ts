/** `mayfly import crontab`: a crontab as a mayfly.yaml. */

import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Command } from "commander";
import { zoneComplaint } from "../../../core/schedule/zone-name.ts";
import type { Note } from "../../../jobs-file/crontab/import.ts";
import { CliError, UsageError } from "../../cli-error.ts";
import { type Io, say, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { textOf } from "../jobs-file/read-files.ts";

export interface ImportOptions {
  file: string;
  system?: boolean;
  image: string;
  timezone?: string;
  output?: string;
}

export function importCrontabCommand(act: (options: ImportOptions) => Promise<void>): Command {
  return new Command("crontab")
    .summary("turn a crontab into jobs with schedules")
    .description(
      "Prints a mayfly.yaml that runs the commands of a crontab at its times, and tells line by line what is otherwise than with cron. Commands run in the image, so what they need has to be there. Ends with 1 where a line is no job.",
    )
    .argument("<file>", "the crontab, or - for stdin")
    .option("--system", "a user stands before each command, as in /etc/crontab and /etc/cron.d")
    .option("--image <image>", "what the commands run in", "debian:12")
    .option(
      "--timezone <zone>",
      "of the computer whose crontab it is, such as Europe/Berlin; UTC unless told",
    )
    .option("--output <file>", "write it there; a file that is there stays as it is")
    .addHelpText(
      "after",
      "\nExamples:\n  crontab -l | mayfly import crontab - > mayfly.yaml\n  mayfly import crontab /etc/crontab --system --image registry.example.com/tools:3\n",
    )
    .action((file: string, options: Omit<ImportOptions, "file">) => act({ ...options, file }));
}

/** @throws CliError where a line is lost, after all the others are written */
export async function importCrontab(options: ImportOptions, io: Io): Promise<void> {
  const { timezone = null, image, system = false, output } = options;
  const wrongZone = timezone === null ? null : zoneComplaint(timezone);
  if (wrongZone !== null) throw new UsageError(`--timezone ${plain(wrongZone)}`);
  const text = await textOf(options.file, io);
  const { importCrontab: imported } = await import("../../../jobs-file/crontab/import.ts");
  const { jobsFileText } = await import("../../../jobs-file/write.ts");
  const { jobs, notes } = imported(text, { isSystem: system, image, timeZone: timezone });
  const file = jobsFileText({
    jobs,
    comment: `From ${options.file === "-" ? "a crontab" : plain(options.file)}, by mayfly import crontab.`,
  });
  if (output === undefined) await write(io.stdout, file);
  else await writeNew(resolve(io.cwd, output), output, file);
  for (const note of notes) await say(io, noteText(note));
  const lost = notes.filter(({ isLost }) => isLost).length;
  if (lost > 0)
    throw new CliError(`${lost} ${lost === 1 ? "line is no job" : "lines are no jobs"}; the others are`);
}

function noteText({ line, message, isLost }: Note): string {
  const sentence = line === null ? message : `line ${line}: ${message}`;
  return plain(isLost ? `${sentence} (left out)` : sentence);
}

async function writeNew(path: string, shown: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `--output ${plain(shown)}: ${error.code === "EEXIST" ? "it is there already" : plain(error.message)}`,
    );
  });
}

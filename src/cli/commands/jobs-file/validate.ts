/** `mayfly validate`: whether files of jobs are right, without a Mayfly. */

import { Command } from "commander";
import { type Io, write } from "../../io.ts";
import { readFiles } from "./read-files.ts";

export function validateCommand(act: (paths: string[]) => Promise<void>): Command {
  return new Command("validate")
    .summary("check files of jobs, offline")
    .description(
      "Checks mayfly.yaml, or the files and folders that are named, as the API would, without asking one. What is wrong is told with file, line and column, and the command ends with 1. Secrets and images are not looked for.",
    )
    .argument("[files...]", "files, folders of .yaml files, or - for stdin")
    .option("--dir <folder>", "as diff and apply have it; it makes no difference here")
    .addHelpText("after", "\nExamples:\n  mayfly validate\n  mayfly validate jobs/ other.yaml\n")
    .action((paths: string[]) => act(paths));
}

export async function validate(paths: string[], io: Io): Promise<void> {
  const { files, jobs } = await readFiles(paths, io);
  const [fileCount, jobCount] = [counted(files.length, "file"), counted(jobs.length, "job")];
  await write(
    io.stdout,
    `${fileCount}, ${jobCount}: all right
`,
  );
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

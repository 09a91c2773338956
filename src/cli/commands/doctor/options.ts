/** `mayfly doctor`: from the command line to options. */

import { Command } from "commander";

export interface DoctorOptions {
  json?: boolean;
  dir?: string;
}

export function doctorCommand(act: (options: DoctorOptions) => Promise<void>): Command {
  return new Command("doctor")
    .summary("say what runs can expect of this computer")
    .description(
      "Looks at this computer and says how machines are kept apart here, what holds them to their size, and what is missing. Ends with 0 if a run is possible.",
    )
    .option("--json", "print one JSON object in place of a table")
    .option("--dir <folder>", "look at the disk where this is (default: .mayfly)")
    .addHelpText("after", EXAMPLES)
    .action((options: DoctorOptions) => act(options));
}

const EXAMPLES = `
Examples:
  mayfly doctor
  mayfly doctor --json
`;

/** `mayfly start`: from the command line to options. */

import { Command, InvalidArgumentError, Option } from "commander";
import { ORGANIZATION_LIMIT_MAX } from "../../../core/limits.ts";
import { portNumber } from "../../port-number.ts";

export interface StartOptions {
  port: number;
  machinesPort: number;
  /** A Machines API that runs already; none is started then. */
  machinesUrl?: string;
  /** What machines see: this computer's own files, which needs no network, or their images. */
  images: "host" | "real";
  /** Whether machines are held to their size. */
  limits: boolean;
  /** Runs that may run at once; undefined for as many as come. */
  concurrencyLimit?: number;
  /** Submit a first job and show it. */
  demo: boolean;
  /** Where state, secrets and logs are kept; the checkout's `.mayfly` where not given. */
  dir?: string;
}

export function startCommand(act: (options: StartOptions) => Promise<void>): Command {
  return new Command("start")
    .summary("start Mayfly on this computer")
    .description(
      "Starts Mayfly whole on this computer, shows a first job, and stays up until Ctrl-C. Runs, secrets and logs are kept in .mayfly/ and are there again at the next start.",
    )
    .option("--port <number>", "port of Mayfly; 0 for any that is free", portNumber, 8787)
    .option(
      "--machines-port <number>",
      "port of the local Machines API; 0 for any that is free",
      portNumber,
      4280,
    )
    .addOption(
      new Option(
        "--machines-url <url>",
        "use this Machines API in place of starting one; FLY_API_TOKEN in .mayfly/secrets.env opens it",
      )
        .argParser(httpUrl)
        .conflicts(["machinesPort", "images", "limits"]),
    )
    .addOption(
      new Option("--images <which>", "what machines see: this computer's own files, or real images")
        .choices(["host", "real"])
        .default("host"),
    )
    .option("--no-limits", "let machines use as much memory, CPU and processes as there is")
    .option("--concurrency-limit <number>", "let at most so many runs run at once", concurrencyLimit)
    .option("--no-demo", "leave the first job out")
    .option("--dir <folder>", "keep state, secrets and logs here (default: .mayfly in the checkout)", folder)
    .addHelpText("after", EXAMPLES)
    .action((options: StartOptions) => act(options));
}

const EXAMPLES = `
Examples:
  mayfly start
  mayfly start --port 9000 --machines-port 9001
  mayfly start --images real
  mayfly machines --any-token & mayfly start --machines-url http://127.0.0.1:4280
`;

function httpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('It must be a URL, such as "http://127.0.0.1:4280".');
  return text.replace(/\/+$/, "");
}

function concurrencyLimit(text: string): number {
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > ORGANIZATION_LIMIT_MAX)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${ORGANIZATION_LIMIT_MAX}.`);
  return limit;
}

/** An empty one, as of a variable that is not set, would be the current folder. */
function folder(text: string): string {
  if (text === "") throw new InvalidArgumentError("It must be a folder.");
  return text;
}

/** `mayfly machines`: from the command line to options. The defaults are the server's own (`src/fly-local/main.ts`). */

import { Command, Option } from "commander";
import { portNumber } from "../../port-number.ts";

export interface MachinesOptions {
  port?: number;
  host?: string;
  state?: string;
  isolation?: string;
  engine?: string;
  images?: string;
  network?: string;
  limits: boolean;
  token?: string;
  anyToken?: boolean;
  region?: string;
  rateLimits?: boolean;
  strictApps?: boolean;
  faults?: string;
}

export function machinesCommand(act: (options: MachinesOptions) => Promise<void>): Command {
  return new Command("machines")
    .summary("start the local Machines API alone")
    .description(
      "Starts the local Machines API alone, in the foreground: an implementation of Fly's whose machines are real processes of this computer.",
    )
    .option("--port <number>", "port to listen on; 0 for any that is free (default: 4280)", portNumber)
    .option("--host <address>", "address to listen on (default: 127.0.0.1)")
    .option("--state <folder>", "where machines are remembered (default: .mayfly/machines)")
    .addOption(
      new Option(
        "--isolation <level>",
        "what keeps machines apart (default: auto, the best possible here)",
      ).choices(["auto", "sandbox", "process", "container"]),
    )
    .option(
      "--engine <program>",
      "container engine for machines that are containers (default: MAYFLY_ENGINE, else docker, else podman)",
    )
    .addOption(
      new Option(
        "--images <which>",
        "what machines see: real images, or this computer's own files (default: real)",
      ).choices(["real", "host"]),
    )
    .addOption(
      new Option(
        "--network <which>",
        "what of the network machines have: the computer's own, or none but their loopback (default: host)",
      ).choices(["host", "none"]),
    )
    .option("--no-limits", "let machines use as much memory, CPU and processes as there is")
    .option(
      "--token <token>",
      "the only token that is let in (default: MAYFLY_MACHINES_TOKEN, else one that is made and kept in the state folder)",
    )
    .option("--any-token", "let in whatever token comes, on an address that only this computer reaches")
    .option("--region <region>", "region of machines that ask for none (default: local)")
    .option("--rate-limits", "refuse calls above Fly's rate limits with 429 (default: no limits)")
    .option("--strict-apps", "apps have to be created before they are used (default: any name is one)")
    .option("--faults <file>", "JSON file with faults to begin with, as POST /_control/faults takes them")
    .addHelpText("after", EXAMPLES)
    .action((options: MachinesOptions) => act(options));
}

const EXAMPLES = `
Examples:
  mayfly machines
  mayfly machines --port 9001 --isolation sandbox
  mayfly machines --images host
  mayfly machines --isolation container --engine podman
`;

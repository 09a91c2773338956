/** `mayfly machines`: the local Machines API alone. It is a program of its own; this starts it with the same options. */

import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { forward } from "../../forward.mjs";

/** The local Machines API's entry point. */
export const MACHINES_MAIN = fileURLToPath(new URL("../../../fly-local/main.ts", import.meta.url));

export function machinesCommand(act: (args: string[]) => Promise<void>): Command {
  return new Command("machines")
    .summary("start the local Machines API alone")
    .description(
      "Starts the local Machines API alone, in the foreground. `mayfly machines --help` lists its options.",
    )
    .argument("[options...]", "handed on as they are")
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action((args: string[]) => act(args));
}

/** Runs it and answers its exit code. */
export function machines(args: string[]): Promise<number> {
  return forward(process.execPath, [MACHINES_MAIN, ...args]);
}

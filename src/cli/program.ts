/** The commands and what each is done by: the one place where parsing meets doing. */

import { readFileSync } from "node:fs";
import { Command } from "commander";
import { Client } from "./api-client.ts";
import { images } from "./commands/images/images.ts";
import { imagesCommand } from "./commands/images/options.ts";
import { machines } from "./commands/machines/machines.ts";
import { machinesCommand } from "./commands/machines/options.ts";
import { runCommand } from "./commands/run/options.ts";
import { run } from "./commands/run/run.ts";
import { cancelCommand, cancelRun } from "./commands/runs/cancel.ts";
import { listCommand, listRuns } from "./commands/runs/list.ts";
import { logs, logsCommand } from "./commands/runs/logs.ts";
import { showCommand, showRun } from "./commands/runs/show.ts";
import { startCommand } from "./commands/start/options.ts";
import { type ConnectionOptions, connectionOf } from "./connection.ts";
import type { Io } from "./io.ts";

/** @param done takes the exit code of the command that ran */
export function createProgram(io: Io, done: (exitCode: number) => void): Command {
  const clientOf = (options: ConnectionOptions) => new Client(connectionOf(options, io));
  /** A command whose exit code is 0 unless it throws. */
  const plainly =
    <Options extends ConnectionOptions>(act: (options: Options, io: Io, client: Client) => Promise<void>) =>
    (options: Options) =>
      act(options, io, clientOf(options));

  const runs = new Command("runs")
    .summary("list, show, read and cancel runs")
    .description("Runs that were submitted, by whomever.")
    .addCommand(listCommand(plainly(listRuns)))
    .addCommand(showCommand(plainly(showRun)))
    .addCommand(logsCommand(plainly(logs)))
    .addCommand(cancelCommand(plainly(cancelRun)));

  const program = new Command("mayfly")
    .description("Runs any container as a job, on a machine that lives only for that job.")
    .version(`mayfly ${version()}`, "--version", "print the version")
    .enablePositionalOptions()
    .addCommand(runCommand(async (options) => done(await run(options, io, clientOf(options)))))
    .addCommand(runs)
    .addCommand(
      startCommand(async (options) => {
        // Loaded on demand: nobody else needs what it brings along.
        const { start } = await import("./commands/start/start.ts");
        done(await start(options, io));
      }),
    )
    .addCommand(imagesCommand(async (call) => done(await images(call))))
    .addCommand(machinesCommand(async (options) => done(await machines(options))))
    .addHelpText("after", EXAMPLES);
  return spokenBy(program, io);
}

const EXAMPLES = `
URL and token come from --url and --token, MAYFLY_URL and MAYFLY_TOKEN, or what \`mayfly start\` wrote.

Examples:
  mayfly start
  mayfly run --image debian:12 -- echo hello
  mayfly runs list
`;

/** Of this checkout: the one place where it stands. */
function version(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return String(version);
}

/** Errors and help go to the given streams, and commander throws where it would end the process. */
function spokenBy(command: Command, io: Io): Command {
  command
    .exitOverride()
    .showHelpAfterError(`(${commandPath(command)} --help lists what is accepted)`)
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => io.columns ?? 100,
      getErrHelpWidth: () => io.columns ?? 100,
    });
  for (const child of command.commands) spokenBy(child, io);
  return command;
}

function commandPath(command: Command): string {
  return command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`;
}

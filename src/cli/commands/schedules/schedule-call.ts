/** What the commands about one schedule share. */

import { Command, InvalidArgumentError } from "commander";
import type { Client } from "../../api-client.ts";
import { ApiError } from "../../api-error.ts";
import { CliError } from "../../cli-error.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { plain } from "../../plain.ts";

/** A schedule as it is written on a command line: the job's name, a slash and its own. */
export interface ScheduleOptions extends ConnectionOptions {
  job: string;
  name: string;
}

/** A command about one schedule, "nightly/at-two". */
export function scheduleCommand<Options extends object>(
  verb: string,
  summary: string,
  description: string,
  example: string,
  act: (options: ScheduleOptions & Options) => Promise<void>,
  withOptions: (command: Command) => Command = (command) => command,
): Command {
  const command = new Command(verb)
    .summary(summary)
    .description(description)
    .argument("<job/schedule>", "the schedule, such as nightly/at-two", scheduleName)
    .addHelpText("after", `\nExample:\n  mayfly schedules ${verb} ${example}\n`)
    .action((key: { job: string; name: string }, options: ConnectionOptions & Options) =>
      act({ ...options, ...key }),
    );
  return withConnection(withOptions(command));
}

function scheduleName(text: string): { job: string; name: string } {
  const [job = "", name = "", ...rest] = text.split("/");
  if (job === "" || name === "" || rest.length > 0)
    throw new InvalidArgumentError("It must be a job and a schedule of it, such as nightly/at-two.");
  return { job, name };
}

/** The failure of a command because a schedule is not there. */
export function orNoSchedule({ command }: Client): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof ApiError) || error.code !== "not_found") throw error;
    throw new CliError(plain(error.message.replace(`${error.path}: `, "")), {
      hint: `\`${command} schedules list\` shows them`,
    });
  };
}

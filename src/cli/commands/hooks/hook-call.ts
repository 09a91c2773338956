/** What the commands about one hook share. */

import { Command, InvalidArgumentError } from "commander";
import type { DeliverySummaryBody } from "../../../api/delivery-schema.ts";
import { JOB_NAME } from "../../../core/job.ts";
import type { Client } from "../../api-client.ts";
import { ApiError } from "../../api-error.ts";
import { CliError } from "../../cli-error.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { plain } from "../../plain.ts";

/** A hook as it is written on a command line: the job's name, a slash and its own. */
export interface HookOptions extends ConnectionOptions {
  job: string;
  name: string;
}

/** One of its deliveries. */
export interface DeliveryOptions extends HookOptions {
  id: string;
}

/** One of the reports of its runs. */
export interface ReportOptions extends HookOptions {
  id: string;
  json?: boolean;
}

/** A command about one hook, "deploy/github". */
export function hookCommand<Options extends object>(
  verb: string,
  summary: string,
  description: string,
  example: string,
  act: (options: HookOptions & Options) => Promise<void>,
  withOptions: (command: Command) => Command = (command) => command,
): Command {
  const command = described(verb, summary, description, example).action(
    (key: { job: string; name: string }, options: ConnectionOptions & Options) => act({ ...options, ...key }),
  );
  return withConnection(withOptions(command));
}

/** A command about one of its deliveries. */
export function deliveryOfHookCommand<Options extends object>(
  verb: string,
  summary: string,
  description: string,
  example: string,
  act: (options: DeliveryOptions & Options) => Promise<void>,
  withOptions: (command: Command) => Command = (command) => command,
): Command {
  const command = described(verb, summary, description, example)
    .argument("<delivery>", "its id, as mayfly hooks deliveries shows it")
    .action((key: { job: string; name: string }, id: string, options: ConnectionOptions & Options) =>
      act({ ...options, ...key, id }),
    );
  return withConnection(withOptions(command));
}

/** A command about one report on a commit. */
export function reportOfHookCommand(
  verb: string,
  summary: string,
  description: string,
  act: (options: ReportOptions) => Promise<void>,
): Command {
  const command = described(verb, summary, description, "build/github msg_01jd0k3v7c9q2m8w5x4y6z7a8b")
    .argument("<report>", "its id, as mayfly hooks reports shows it")
    .option("--json", "print JSON")
    .action((key: { job: string; name: string }, id: string, options: ConnectionOptions) =>
      act({ ...options, ...key, id }),
    );
  return withConnection(command);
}

function described(verb: string, summary: string, description: string, example: string): Command {
  return new Command(verb)
    .summary(summary)
    .description(description)
    .argument("<job/hook>", "the hook, such as deploy/github", hookName)
    .addHelpText("after", `\nExample:\n  mayfly hooks ${verb} ${example}\n`);
}

function hookName(text: string): { job: string; name: string } {
  const [job = "", name = "", ...rest] = text.split("/");
  if (!JOB_NAME.test(job) || !JOB_NAME.test(name) || rest.length > 0)
    throw new InvalidArgumentError("It must be a job and a hook of it, such as deploy/github.");
  return { job, name };
}

/** The failure of a command because a hook, or a delivery or report of it, is not there. */
export function orNoHook({ command }: Client): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof ApiError) || error.code !== "not_found") throw error;
    throw new CliError(plain(error.message.replace(`${error.path}: `, "")), {
      hint: `\`${command} hooks list\` shows hooks, and \`${command} hooks deliveries\` what they were called with`,
    });
  };
}

/** "filtered: branch", "started". */
export function verdictText({ verdict, why }: Pick<DeliverySummaryBody, "verdict" | "why">): string {
  return why === null ? verdict : `${verdict}: ${why.replaceAll("_", " ")}`;
}

/** "push", "pull_request.opened". */
export function eventText({ event, action }: Pick<DeliverySummaryBody, "event" | "action">): string {
  return action === null ? event : `${event}.${action}`;
}

/** What the commands about one job share. */

import { InvalidArgumentError } from "commander";
import type { Client } from "../../api-client.ts";
import { ApiError } from "../../api-error.ts";
import { CliError } from "../../cli-error.ts";
import type { ConnectionOptions } from "../../connection.ts";
import { plain } from "../../plain.ts";

export interface JobOptions extends ConnectionOptions {
  name: string;
}

/** The failure of a command because a job, or a version of it, is not there. */
export function orNoJob(name: string, { command }: Client): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof ApiError) || error.code !== "not_found") throw error;
    if (error.path === "path.name")
      throw new CliError(`there is no job ${plain(name)}`, { hint: `\`${command} jobs list\` shows them` });
    throw new CliError(error.message.replace(`${error.path}: `, ""), {
      hint: `\`${command} jobs versions ${plain(name)}\` shows them`,
    });
  };
}

/** A version's number on a command line. */
export function versionNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It must be a version's number, from 1.");
  return Number(text);
}

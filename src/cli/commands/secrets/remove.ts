/** `mayfly secrets remove`: no machine is given it any more. */

import { Command } from "commander";
import type { Client } from "../../api-client.ts";
import { ApiError } from "../../api-error.ts";
import { CliError } from "../../cli-error.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";

export interface RemoveOptions extends ConnectionOptions {
  name: string;
}

export function removeCommand(act: (options: RemoveOptions) => Promise<void>): Command {
  const command = new Command("remove")
    .summary("remove a secret")
    .description(
      "Removes a secret: no machine is given it any more. A run whose machine has it goes on, and its output is still masked.",
    )
    .argument("<name>", "the secret")
    .action((name: string, options: ConnectionOptions) => act({ ...options, name }));
  return withConnection(command);
}

/** Asked once: a second time it would not be there. */
export async function removeSecret({ name }: RemoveOptions, io: Io, client: Client): Promise<void> {
  await client.removeSecret(name).catch((error: unknown) => {
    if (error instanceof ApiError && error.code === "not_found")
      throw new CliError(`there is no secret ${plain(name)}`, {
        hint: `\`${client.command} secrets list\` shows them`,
      });
    throw error;
  });
  await write(io.stdout, `${plain(name)} is removed\n`);
}

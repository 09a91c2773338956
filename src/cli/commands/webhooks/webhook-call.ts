/** What the commands about one webhook share. */

import { Command } from "commander";
import type { ShownWebhookBody } from "../../../api/webhook-schema.ts";
import type { Client } from "../../api-client.ts";
import { ApiError } from "../../api-error.ts";
import { CliError, UsageError } from "../../cli-error.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, say } from "../../io.ts";
import { plain } from "../../plain.ts";

export interface WebhookOptions extends ConnectionOptions {
  id: string;
}

/** A command about one webhook, by its id. */
export function webhookCommand<Options extends object>(
  verb: string,
  summary: string,
  description: string,
  act: (options: WebhookOptions & Options) => Promise<void>,
  withOptions: (command: Command) => Command = (command) => command,
): Command {
  const command = new Command(verb)
    .summary(summary)
    .description(description)
    .argument("<id>", "the webhook, such as wh_7k2m9q4x8c1v5b3n")
    .addHelpText("after", `\nExample:\n  mayfly webhooks ${verb} wh_7k2m9q4x8c1v5b3n\n`)
    .action((id: string, options: ConnectionOptions & Options) => act({ ...options, id }));
  return withConnection(withOptions(command));
}

/** A command about one of its notifications. */
export function notificationCommand(
  verb: string,
  summary: string,
  description: string,
  act: (options: WebhookOptions & { notification: string; json?: boolean }) => Promise<void>,
): Command {
  const command = new Command(verb)
    .summary(summary)
    .description(description)
    .argument("<id>", "the webhook")
    .argument("<notification>", "the notification, such as msg_01jd0k3v7c9q2m8w5x4y6z7a8b")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `\nExample:\n  mayfly webhooks ${verb} wh_7k2m9q4x8c1v5b3n msg_01jd0k3v7c9q2m8w5x4y6z7a8b\n`,
    )
    .action((id: string, notification: string, options: ConnectionOptions) =>
      act({ ...options, id, notification }),
    );
  return withConnection(command);
}

/** The failure of a command because a webhook, or a notification of it, is not there, or takes not what it was given. */
export function explained({ command }: Client, id = "ID"): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof ApiError)) throw error;
    const message = plain(error.message.replace(`${error.path}: `, ""));
    if (error.code === "not_found") {
      const list = error.path === "path.notification" ? `notifications ${plain(id)}` : "list";
      throw new CliError(message, { hint: `\`${command} webhooks ${list}\` shows them` });
    }
    // Each of its lines is plain.
    if (error.status === 422) throw new UsageError(error.message);
    throw error;
  };
}

/** What is right and may not be meant. */
export async function sayNotes(io: Io, { notes }: Pick<ShownWebhookBody, "notes">): Promise<void> {
  for (const { path, message } of notes) await say(io, `note: ${plain(path)}: ${plain(message)}`);
}

/** `mayfly webhooks show`, `delete`, `disable`, `enable`, `rotate` and `test`: what is done with one of them by its id alone. */

import type { Command } from "commander";
import type { NotificationBody } from "../../../api/webhook-schema.ts";
import type { Client } from "../../api-client.ts";
import { CliError } from "../../cli-error.ts";
import { type Io, say, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { explained, type WebhookOptions, webhookCommand } from "./webhook-call.ts";

type Act = (options: WebhookOptions) => Promise<void>;

export function showWebhookCommand(act: Act): Command {
  return webhookCommand(
    "show",
    "show a webhook as JSON",
    "Shows a webhook as JSON, without its secret.",
    act,
  );
}

export async function showWebhook({ id }: WebhookOptions, io: Io, client: Client): Promise<void> {
  const webhook = await retried(io, () => client.webhook(id)).catch(explained(client));
  await write(io.stdout, `${JSON.stringify(webhook, null, 2)}\n`);
}

export function deleteWebhookCommand(act: Act): Command {
  return webhookCommand(
    "delete",
    "delete a webhook",
    "Deletes a webhook: it is told nothing any more, not even what it has yet to be told.",
    act,
  );
}

/** Asked once: a second time it would not be there. */
export async function deleteWebhook({ id }: WebhookOptions, io: Io, client: Client): Promise<void> {
  await client.deleteWebhook(id).catch(explained(client));
  await write(io.stdout, `${plain(id)} is deleted\n`);
}

export function disableWebhookCommand(act: Act): Command {
  return webhookCommand(
    "disable",
    "put a webhook out of force",
    "Puts a webhook out of force: it is told nothing until it is enabled again, not even what it has yet to be told.",
    act,
  );
}

export async function disableWebhook({ id }: WebhookOptions, io: Io, client: Client): Promise<void> {
  await retried(io, () => client.disableWebhook(id)).catch(explained(client));
  await write(io.stdout, `${plain(id)} is out of force\n`);
}

export function enableWebhookCommand(act: Act): Command {
  return webhookCommand(
    "enable",
    "put a webhook into force again, or send what it waits for",
    "Puts a webhook into force again that was disabled, by hand or since it took nothing. What happened meanwhile it is not told. Of one that is in force and fails what waits for its next attempt is sent at once.",
    act,
  );
}

export async function enableWebhook({ id }: WebhookOptions, io: Io, client: Client): Promise<void> {
  await retried(io, () => client.enableWebhook(id)).catch(explained(client));
  await write(io.stdout, `${plain(id)} is in force\n`);
}

export function rotateWebhookCommand(act: Act): Command {
  return webhookCommand(
    "rotate",
    "give a webhook another secret",
    "Gives a webhook another secret, which is printed this once. The one of before signs along for 24 hours.",
    act,
  );
}

/** Asked once: each time makes another. */
export async function rotateWebhook({ id }: WebhookOptions, io: Io, client: Client): Promise<void> {
  const { secret, old_secret_until } = await client.rotateWebhook(id).catch(explained(client));
  if (secret === null) throw new CliError("what this webhook is told is not signed");
  await write(io.stdout, `${plain(secret)}\n`);
  await say(io, `the secret of before signs along until ${old_secret_until}`);
}

export function testWebhookCommand(act: Act): Command {
  return webhookCommand(
    "test",
    "try a webhook",
    "Sends a notification of type webhook.test, once, and tells how that went. Ends with 1 where it was not taken.",
    act,
  );
}

export async function testWebhook({ id }: WebhookOptions, io: Io, client: Client): Promise<void> {
  const notification = await client.testWebhook(id).catch(explained(client));
  const said = howItWent(notification);
  if (notification.state !== "delivered") throw new CliError(`it was not taken: ${said}`);
  await write(io.stdout, `${said}\n`);
}

function howItWent({ attempts }: NotificationBody): string {
  const last = attempts.at(-1);
  if (last === undefined) return "not tried yet";
  const answer = last.answer ? `: ${plain(last.answer)}` : "";
  return `${plain(last.error ?? `answered ${last.status}`)} in ${last.duration_ms} ms${answer}`;
}

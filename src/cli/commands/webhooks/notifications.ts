/** `mayfly webhooks notifications`, `notification` and `resend`: the ledger of what a webhook was told. */

import type { Command } from "commander";
import { Option } from "commander";
import type { NotificationBody, NotificationSummaryBody } from "../../../api/webhook-schema.ts";
import { NOTIFICATION_STATES } from "../../../core/notification/attempt.ts";
import type { Client } from "../../api-client.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { table } from "../../table.ts";
import { explained, notificationCommand, type WebhookOptions, webhookCommand } from "./webhook-call.ts";

export interface NotificationsOptions {
  state?: string;
  type?: string;
  run?: string;
  json?: boolean;
}

/** As many as a screen shows. */
const SHOWN = 50;

export function notificationsCommand(
  act: (options: WebhookOptions & NotificationsOptions) => Promise<void>,
): Command {
  return webhookCommand<NotificationsOptions>(
    "notifications",
    "show what a webhook was told",
    `Shows the last ${SHOWN} notifications of a webhook, newest first, and how each went.`,
    act,
    (command) =>
      command
        .addOption(new Option("--state <state>", "only those in this state").choices(NOTIFICATION_STATES))
        .option("--type <type>", "only those of this type, such as run.failed")
        .option("--run <id>", "only those of this run")
        .option("--json", "print JSON"),
  );
}

export async function notifications(
  { id, state, type, run, json }: WebhookOptions & NotificationsOptions,
  io: Io,
  client: Client,
): Promise<void> {
  const found: NotificationSummaryBody[] = [];
  for (let cursor: string | undefined; found.length < SHOWN; ) {
    const query = { state, type, run, limit: SHOWN - found.length, cursor };
    const page = await retried(io, () => client.notifications(id, query)).catch(explained(client));
    found.push(...page.notifications);
    if (page.next_cursor === null) break;
    cursor = page.next_cursor;
  }
  if (json) return write(io.stdout, `${JSON.stringify(found, null, 2)}\n`);
  if (found.length === 0) return write(io.stderr, "no notifications\n");
  const rows = found.map((each) => [
    each.id,
    each.created_at,
    each.type,
    each.run_id ?? "",
    each.state.replaceAll("_", " "),
    each.last_attempt?.error ?? (each.next_at === null ? "" : `next at ${each.next_at}`),
  ]);
  const width = io.stdoutIsTty ? io.columns : null;
  return write(io.stdout, table(["ID", "MADE", "TYPE", "RUN", "STATE", "NOTE"], rows, width));
}

type OneOptions = WebhookOptions & { notification: string; json?: boolean };

export function notificationShowCommand(act: (options: OneOptions) => Promise<void>): Command {
  return notificationCommand(
    "notification",
    "show one notification with its attempts",
    "Shows what was told, and each attempt to tell it.",
    act,
  );
}

export async function showNotification(options: OneOptions, io: Io, client: Client): Promise<void> {
  const { id, notification, json } = options;
  const shown = await retried(io, () => client.notification(id, notification)).catch(explained(client, id));
  if (json) return write(io.stdout, `${JSON.stringify(shown, null, 2)}\n`);
  const { type, state, attempts, payload } = shown;
  const rows = attempts.map(({ at, status, duration_ms, error, answer }) => [
    at,
    status === null ? "" : String(status),
    `${duration_ms} ms`,
    error ?? answer ?? "",
  ]);
  await write(
    io.stdout,
    `${plain(type)} ${state.replaceAll("_", " ")}\n${JSON.stringify(payload, null, 2)}\n`,
  );
  if (rows.length > 0) await write(io.stdout, table(["AT", "STATUS", "TOOK", "NOTE"], rows, io.columns));
}

export function resendCommand(act: (options: OneOptions) => Promise<void>): Command {
  return notificationCommand(
    "resend",
    "send a notification again",
    "Sends a notification again, with the id that it had. One that waits for its next attempt is sent at once.",
    act,
  );
}

export async function resend(options: OneOptions, io: Io, client: Client): Promise<void> {
  const { id, notification, json } = options;
  const sent = await retried(io, () => client.resendNotification(id, notification)).catch(
    explained(client, id),
  );
  if (json) return write(io.stdout, `${JSON.stringify(sent, null, 2)}\n`);
  return write(io.stdout, `${whereItIs(sent)}\n`);
}

function whereItIs({ id, state, waits_for: before }: NotificationBody): string {
  if (state !== "pending") return `${plain(id)} is ${state.replaceAll("_", " ")}`;
  return before === null
    ? `${plain(id)} is on its way`
    : `${plain(id)} waits for ${plain(before)}, which is before it in its run and on its way`;
}

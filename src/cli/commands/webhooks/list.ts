/** `mayfly webhooks list`: who is told of what. */

import { Command } from "commander";
import type { WebhookBody } from "../../../api/webhook-schema.ts";
import type { Client } from "../../api-client.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { retried } from "../../retried.ts";
import { age } from "../../spans.ts";
import { table } from "../../table.ts";

export interface ListWebhooksOptions extends ConnectionOptions {
  json?: boolean;
}

export function listWebhooksCommand(act: (options: ListWebhooksOptions) => Promise<void>): Command {
  const command = new Command("list")
    .summary("list webhooks, and how they fare")
    .description("Lists webhooks with what they are told, and whether they take it.")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  mayfly webhooks list\n")
    .action((options: ListWebhooksOptions) => act(options));
  return withConnection(command);
}

export async function listWebhooks({ json }: ListWebhooksOptions, io: Io, client: Client): Promise<void> {
  const { webhooks } = await retried(io, () => client.webhooks());
  if (json) return write(io.stdout, `${JSON.stringify(webhooks, null, 2)}\n`);
  if (webhooks.length === 0) return write(io.stderr, "no webhooks\n");
  const rows = webhooks.map((webhook) => [
    webhook.id,
    webhook.kind,
    webhook.url,
    webhook.events.join(","),
    stateOf(webhook, io.now()),
  ]);
  const width = io.stdoutIsTty ? io.columns : null;
  return write(io.stdout, table(["ID", "KIND", "URL", "EVENTS", "STATE"], rows, width));
}

export function stateOf({ disabled_at, disabled_why, failing_since }: WebhookBody, nowMs: number): string {
  if (disabled_at !== null) return `disabled: ${disabled_why}`;
  return failing_since === null ? "in force" : `failing for ${age(Date.parse(failing_since), nowMs)}`;
}

/** `mayfly webhooks edit`: where a webhook leads, and what it is told of. */

import { Command, Option } from "commander";
import type { WebhookBody, WebhookChangeBody } from "../../../api/webhook-schema.ts";
import { WEBHOOK_EVENTS, type WebhookEvent } from "../../../core/webhook/event-types.ts";
import { EMAIL_PROVIDERS, type EmailProvider } from "../../../core/webhook/webhook.ts";
import type { Client } from "../../api-client.ts";
import { UsageError } from "../../cli-error.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { retried } from "../../retried.ts";
import { listed, tagsOf } from "./create.ts";
import { explained, sayNotes } from "./webhook-call.ts";

export interface EditWebhookOptions extends ConnectionOptions {
  id: string;
  /** The webhook's URL; `url` is that of Mayfly. */
  target?: string;
  event?: string[];
  /** False for all. */
  job?: string[] | false;
  /** False for any. */
  tag?: string[] | false;
  /** False for none. */
  description?: string | false;
  provider?: EmailProvider;
  from?: string;
  to?: string[];
  key?: string;
  json?: boolean;
}

export function editWebhookCommand(act: (options: EditWebhookOptions) => Promise<void>): Command {
  const command = new Command("edit")
    .summary("change where a webhook leads, and what it is told of")
    .description(
      "Changes a webhook. What is not given stays as it is; lists take the place of those that there were.",
    )
    .argument("<id>", "the webhook, such as wh_7k2m9q4x8c1v5b3n")
    .argument("[url]", "https://…: where it leads from now on, also what it has yet to be told")
    .option(
      "--event <types>",
      `of what it is told, with commas between: ${WEBHOOK_EVENTS.join(", ")}`,
      listed,
    )
    .option("--job <names>", "only of these jobs; * stands for any characters", listed)
    .option("--no-job", "of all jobs, and of runs without one")
    .option(
      "--tag <key=value>",
      "only of runs with this tag; several: all of them",
      (text, before?: string[] | false) => [...(before || []), text],
    )
    .option("--no-tag", "of runs with any tags")
    .option("--description <text>", "for people")
    .option("--no-description", "without one")
    .addOption(new Option("--provider <name>", "of an e-mail: who sends it").choices(EMAIL_PROVIDERS))
    .option("--from <sender>", "of an e-mail: an address, or 'Name <address>'")
    .option("--to <addresses>", "of an e-mail, with commas between", listed)
    .option("--key <secret>", "of an e-mail: the secret with the provider's key")
    .option("--json", "print JSON")
    .addHelpText("after", EXAMPLES)
    .action((id: string, target: string | undefined, options: Omit<EditWebhookOptions, "id">) =>
      act({ ...options, id, ...(target !== undefined && { target }) }),
    );
  return withConnection(command);
}

const EXAMPLES = `
Examples:
  mayfly webhooks edit wh_7k2m9q4x8c1v5b3n https://example.com/new
  mayfly webhooks edit wh_7k2m9q4x8c1v5b3n --event run.finished --no-job
`;

export async function editWebhook(options: EditWebhookOptions, io: Io, client: Client): Promise<void> {
  const { id, json } = options;
  const before = isOfEmail(options)
    ? await retried(io, () => client.webhook(id)).catch(explained(client))
    : null;
  const change = changeOf(options, before);
  const changed = await retried(io, () => client.changeWebhook(id, change)).catch(explained(client));
  if (json) return write(io.stdout, `${JSON.stringify(changed, null, 2)}\n`);
  await write(io.stdout, `${plain(changed.id)} is changed\n`);
  await sayNotes(io, changed);
}

function isOfEmail({ provider, from, to, key }: EditWebhookOptions): boolean {
  return (provider ?? from ?? to ?? key) !== undefined;
}

/** @param before as it is, where a part of its settings for e-mails is changed */
function changeOf(options: EditWebhookOptions, before: WebhookBody | null): WebhookChangeBody {
  const { target, event, job, tag, description } = options;
  const change: WebhookChangeBody = {
    ...(target !== undefined && { url: target }),
    ...(event && { events: event as WebhookEvent[] }),
    ...(job !== undefined && { jobs: job || null }),
    ...(tag !== undefined && { tags: tag ? tagsOf(tag) : null }),
    ...(description !== undefined && { description: description || null }),
    ...(before !== null && { email: emailOf(options, before) }),
  };
  if (Object.keys(change).length === 0)
    throw new UsageError("nothing to change is given: a URL, --event, --job, --tag, --description …");
  return change;
}

function emailOf({ provider, from, to, key }: EditWebhookOptions, { id, kind, email }: WebhookBody) {
  if (email === null)
    throw new UsageError(
      `--provider, --from, --to and --key are for kind email, and ${plain(id)} is of kind ${kind}`,
    );
  return {
    ...email,
    ...(provider && { provider }),
    ...(from !== undefined && { from }),
    ...(to && { to }),
    ...(key !== undefined && { secret: key }),
  };
}

/** `mayfly webhooks create`: subscribe a URL to what happens. */

import { Command, Option } from "commander";
import type { NewWebhookBody } from "../../../api/webhook-schema.ts";
import { WEBHOOK_EVENTS, type WebhookEvent } from "../../../core/webhook/event-types.ts";
import {
  EMAIL_PROVIDERS,
  type EmailProvider,
  WEBHOOK_KINDS,
  type WebhookKind,
} from "../../../core/webhook/webhook.ts";
import type { Client } from "../../api-client.ts";
import { UsageError } from "../../cli-error.ts";
import { type ConnectionOptions, withConnection } from "../../connection.ts";
import { type Io, say, write } from "../../io.ts";
import { plain } from "../../plain.ts";
import { explained, sayNotes } from "./webhook-call.ts";

export interface CreateWebhookOptions extends ConnectionOptions {
  /** The webhook's URL; `url` is that of Mayfly. */
  target?: string;
  event?: string[];
  job?: string[];
  tag?: string[];
  kind?: WebhookKind;
  description?: string;
  provider?: EmailProvider;
  from?: string;
  to?: string[];
  key?: string;
  json?: boolean;
}

/** @param before false of an option that can be given as its opposite, too, and was */
export const listed = (text: string, before?: string[] | false) => [...(before || []), ...text.split(",")];

export function createWebhookCommand(act: (options: CreateWebhookOptions) => Promise<void>): Command {
  const command = new Command("create")
    .summary("have a URL be told of what happens")
    .description(
      "Subscribes a URL. Its secret is printed this once: what it is told is signed with that (Standard Webhooks).",
    )
    .argument("[url]", "https://…; of an e-mail the provider's own unless given")
    .option(
      "--event <types>",
      `of what it is told, with commas between: ${WEBHOOK_EVENTS.join(", ")}. Each event is told once; run.finished is for whoever names none of the three that it stands for`,
      listed,
    )
    .option("--job <names>", "only of these jobs; * stands for any characters", listed)
    .option(
      "--tag <key=value>",
      "only of runs with this tag; several: all of them",
      (text, before: string[] = []) => [...before, text],
    )
    .addOption(new Option("--kind <kind>", "in which shape").choices(WEBHOOK_KINDS))
    .option("--description <text>", "for people")
    .addOption(new Option("--provider <name>", "of an e-mail: who sends it").choices(EMAIL_PROVIDERS))
    .option("--from <sender>", "of an e-mail: an address, or 'Name <address>'")
    .option("--to <addresses>", "of an e-mail, with commas between", listed)
    .option("--key <secret>", "of an e-mail: the secret with the provider's key (mayfly secrets set)")
    .option("--json", "print JSON")
    .addHelpText("after", EXAMPLES)
    .action((target: string | undefined, options: CreateWebhookOptions) =>
      act({ ...options, ...(target !== undefined && { target }) }),
    );
  return withConnection(command);
}

const EXAMPLES = `
Examples:
  mayfly webhooks create https://example.com/hear --event run.failed,job.silent
  mayfly webhooks create https://hooks.slack.com/services/… --kind slack --event run.failed --job 'deploy-*'
  mayfly webhooks create --kind email --provider resend --from ci@example.com --to me@example.com --key RESEND_KEY --event run.failed
`;

/** Asked once: a second time it would be another one. */
export async function createWebhook(options: CreateWebhookOptions, io: Io, client: Client): Promise<void> {
  const webhook = await client.createWebhook(bodyOf(options)).catch(explained(client));
  if (options.json) return write(io.stdout, `${JSON.stringify(webhook, null, 2)}\n`);
  await write(io.stdout, `${plain(webhook.id)}\n`);
  if (webhook.secret !== null) {
    await write(io.stdout, `${plain(webhook.secret)}\n`);
    await say(io, "the second line is its secret; it is not told again");
  }
  await sayNotes(io, webhook);
}

function bodyOf(options: CreateWebhookOptions): NewWebhookBody {
  const { target, event, job, tag, kind, description } = options;
  if (event === undefined) throw new UsageError(`--event is missing: ${WEBHOOK_EVENTS.join(", ")}`);
  const email = emailOf(options);
  return {
    ...(kind && { kind }),
    ...(target !== undefined && { url: target }),
    events: event as WebhookEvent[],
    ...(job && { jobs: job }),
    ...(tag && { tags: tagsOf(tag) }),
    ...(description !== undefined && { description }),
    ...(email && { email }),
  };
}

export function tagsOf(tags: string[]): Record<string, string> {
  return Object.fromEntries(
    tags.map((tag) => {
      const at = tag.indexOf("=");
      if (at < 1) throw new UsageError(`--tag ${plain(tag)}: it must be key=value`);
      return [tag.slice(0, at), tag.slice(at + 1)];
    }),
  );
}

function emailOf({ kind, provider, from, to, key }: CreateWebhookOptions): NewWebhookBody["email"] {
  if (kind !== "email") {
    if (provider ?? from ?? to ?? key)
      throw new UsageError("--provider, --from, --to and --key are for --kind email");
    return undefined;
  }
  if (!provider || !from || !to || !key)
    throw new UsageError("--kind email needs --provider, --from, --to and --key");
  return { provider, from, to, secret: key };
}

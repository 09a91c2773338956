/** The HTTP request that brings a notification to a webhook, by the webhook's kind. */

import { Webhook as Signer } from "standardwebhooks";
import { readSender } from "../core/webhook/sender.ts";
import type { EmailSettings } from "../core/webhook/webhook.ts";
import type { DueNotification } from "../flow/ports/notifications.ts";
import type { OutgoingRequest } from "../outgoing/post.ts";
import type { Payload } from "./payload.ts";
import { inWords } from "./words.ts";

type Told = Pick<DueNotification, "id" | "payload">;

const JSON_TYPE = { "content-type": "application/json", "user-agent": "mayfly-webhooks/1" };

/**
 * As https://github.com/standard-webhooks/standard-webhooks has it.
 * @param secrets those that sign, `whsec_` and base64: one, or two while one takes the other's place
 */
export function standardRequest({ id, payload }: Told, secrets: string[], nowMs: number): OutgoingRequest {
  const at = new Date(nowMs);
  const signatures = secrets.map((secret) => new Signer(secret).sign(id, at, payload));
  return {
    headers: {
      ...JSON_TYPE,
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(nowMs / 1000)),
      "webhook-signature": signatures.join(" "),
    },
    body: payload,
  };
}

/** A message, as Slack's incoming webhooks take it, and Mattermost, Rocket.Chat and Discord (`/slack`) likewise. */
export function slackRequest({ payload }: Told): OutgoingRequest {
  const { title, lines, url } = inWords(JSON.parse(payload) as Payload);
  const heading = url === null ? `*${slackText(title)}*` : `*<${url}|${slackText(title)}>*`;
  const text = [heading, ...lines.map(slackText)].join("\n");
  return { headers: JSON_TYPE, body: JSON.stringify({ text }) };
}

/** What Slack takes for its own otherwise (https://api.slack.com/reference/surfaces/formatting). */
function slackText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** SendGrid alone takes the name in a field of its own. */
function sendgridSender(from: string): { email: string; name?: string } {
  const { name, address } = readSender(from) ?? { name: null, address: from };
  return { email: address, ...(name !== null && { name }) };
}

/** An e-mail, as the providers' HTTP APIs take it. @param key the provider's */
export function emailRequest(
  { id, payload }: Told,
  { provider, from, to }: EmailSettings,
  key: string,
): OutgoingRequest {
  const { title, lines, url } = inWords(JSON.parse(payload) as Payload);
  const text = [title, "", ...lines, ...(url === null ? [] : ["", url])].join("\n");
  switch (provider) {
    case "resend":
      return {
        // Resend sends what has the same key once, for a day.
        headers: { ...JSON_TYPE, authorization: `Bearer ${key}`, "idempotency-key": id },
        body: JSON.stringify({ from, to, subject: title, text }),
      };
    case "postmark":
      return {
        headers: { ...JSON_TYPE, accept: "application/json", "x-postmark-server-token": key },
        body: JSON.stringify({ From: from, To: to.join(","), Subject: title, TextBody: text }),
      };
    case "sendgrid":
      return {
        headers: { ...JSON_TYPE, authorization: `Bearer ${key}` },
        body: JSON.stringify({
          personalizations: [{ to: to.map((email) => ({ email })) }],
          from: sendgridSender(from),
          subject: title,
          content: [{ type: "text/plain", value: text }],
        }),
      };
  }
}

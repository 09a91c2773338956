/** URLs that are secrets: whoever has one can post there. They are told by what gives nothing away. */

import type { WebhookKind } from "./webhook.ts";

/** Of a path that is shorter its end would be too much of it. */
const SHORTEST_WITH_END = 20;
const END_CHARS = 4;

/** Slack's incoming webhooks, and those like them, know their callers by nothing but the URL. */
export function hasSecretUrl(kind: WebhookKind): boolean {
  return kind === "slack";
}

/** Where a URL leads, and its last characters, to tell one from another: `https://hooks.slack.com/…wxyz`. */
export function maskedUrl(url: string): string {
  const [, origin = "", rest = ""] = /^([a-z]+:\/\/[^/?#]*)(.*)$/i.exec(url) ?? [];
  return `${origin}/…${rest.length < SHORTEST_WITH_END ? "" : rest.slice(-END_CHARS)}`;
}

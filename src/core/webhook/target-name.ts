/** A name for where a webhook leads, for people who may not know its whole URL: a path can be what lets its caller in. */

import { hasSecretUrl } from "./masked-url.ts";
import type { WebhookSpec } from "./webhook.ts";

/** Addresses that are named of an e-mail's. */
const NAMED = 3;

export function targetName({
  kind,
  url,
  email,
  description,
}: Pick<WebhookSpec, "kind" | "url" | "email" | "description">): string {
  const target = email === null ? (hasSecretUrl(kind) ? url : hostOf(url)) : addressees(email.to);
  return description === null ? target : `${target} (${description})`;
}

function hostOf(url: string): string {
  return /^[a-z]+:\/\/([^/?#]*)/i.exec(url)?.[1] ?? url;
}

function addressees(to: string[]): string {
  const others = to.length - NAMED;
  return `${to.slice(0, NAMED).join(", ")}${others > 0 ? ` and ${others} more` : ""}`;
}

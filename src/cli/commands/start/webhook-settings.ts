/** What the worker of this computer is told of webhooks: that whoever subscribes is here, too, unless the file of secrets says otherwise. */

import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";

export type WebhookSettings = Record<"WEBHOOK_PRIVATE_TARGETS" | "DNS_OVER_HTTPS_URL" | "PUBLIC_URL", string>;

/**
 * @param envFile where a line of the same name wins, also an empty one
 * @param origin where browsers on this computer find the worker
 */
export function webhookSettings(envFile: string, origin: string): WebhookSettings {
  const own = existsSync(envFile) ? parseEnv(readFileSync(envFile, "utf8")) : {};
  return {
    WEBHOOK_PRIVATE_TARGETS: own.WEBHOOK_PRIVATE_TARGETS ?? "allow",
    DNS_OVER_HTTPS_URL: own.DNS_OVER_HTTPS_URL ?? "",
    PUBLIC_URL: own.PUBLIC_URL ?? origin,
  };
}

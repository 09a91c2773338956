/** What is wrong with a webhook by itself, be it new or changed. Where its URL leads only the world can tell. */

import type { Complaint } from "../error.ts";
import { EMAIL_URLS, type EmailSettings, type WebhookSpec } from "./webhook.ts";

export function specComplaints({
  kind,
  url,
  email,
}: Pick<WebhookSpec, "kind" | "url" | "email">): Complaint[] {
  const complaints: Complaint[] = [];
  if (kind === "email" && email === null)
    complaints.push({ path: "email", message: "is missing; kind email needs it" });
  if (kind !== "email" && email !== null)
    complaints.push({ path: "email", message: "is for kind email alone" });
  if (kind !== "email" && url === "")
    complaints.push({ path: "url", message: "is missing; it must be a URL" });
  return complaints;
}

/** What is wrong with where e-mails are sent, or null: whoever gets them gets the provider's key. */
export function emailTargetComplaint(url: string, { provider }: EmailSettings): string | null {
  const own = EMAIL_URLS[provider];
  return url === own ? null : `must be ${own}, where ${provider} takes e-mails; leave it out`;
}

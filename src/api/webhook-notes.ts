/** What of a webhook is right and may not be meant. */

import { WEBHOOK_NOTES_JOBS_MAX } from "../core/limits.ts";
import { matchesName } from "../core/webhook/name-pattern.ts";
import type { Webhook } from "../core/webhook/webhook.ts";
import type { ApiPorts } from "./ports.ts";
import { webhookBody } from "./webhook-body.ts";
import type { ShownWebhookBody } from "./webhook-schema.ts";

/** A webhook can be made before the jobs that it is to be told of: that none has such a name is said, and is no error. */
export async function shownWebhook(
  { jobs, orgId }: Pick<ApiPorts, "jobs" | "orgId">,
  webhook: Webhook,
): Promise<ShownWebhookBody> {
  const patterns = webhook.jobs ?? [];
  const plain = patterns.filter((pattern) => !pattern.includes("*"));
  const found = plain.length === 0 ? [] : await jobs.findAll(orgId, plain);
  const there = new Set(found.filter(({ job }) => job.deletedAt === null).map(({ job }) => job.name));
  const names = plain.length === patterns.length ? [] : await jobs.names(orgId, WEBHOOK_NOTES_JOBS_MAX);
  // Not all of them were looked at.
  const isUnknown = names.length === WEBHOOK_NOTES_JOBS_MAX;
  const isFitted = (pattern: string) =>
    pattern.includes("*")
      ? isUnknown || names.some((name) => matchesName(pattern, name))
      : there.has(pattern);
  const notes = patterns.flatMap((pattern, index) =>
    isFitted(pattern)
      ? []
      : [
          {
            path: `jobs.${index}`,
            message: `there is no job ${pattern} yet: until there is one, nothing is told of it`,
          },
        ],
  );
  return { ...webhookBody(webhook), notes };
}

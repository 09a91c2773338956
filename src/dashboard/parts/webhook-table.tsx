/** Webhooks as a table, with how they fare; on a narrow screen each row becomes a small card. */

import { NOTIFICATIONS_SCAN_MAX } from "../../core/limits.ts";
import type { ListedWebhook } from "../webhook-ports.ts";
import { visible } from "../words/body-text.ts";
import { webhookPath } from "../words/paths.ts";
import { KIND_WORDS, narrowedWords, targetWords } from "../words/webhooks.ts";
import { Age } from "./times.tsx";
import { WebhookBadge } from "./webhook-badge.tsx";

export function WebhookTable({ webhooks, nowMs }: { webhooks: ListedWebhook[]; nowMs: number }) {
  return (
    <table class="list webhooks">
      <caption class="unseen">Webhooks, the oldest first</caption>
      <thead>
        <tr>
          <th scope="col">Webhook</th>
          <th scope="col">Is told of</th>
          <th scope="col">State</th>
          <th scope="col">Last taken</th>
          <th scope="col" class="end">
            Waiting
          </th>
        </tr>
      </thead>
      <tbody>
        {webhooks.map((webhook) => {
          const narrowed = narrowedWords(webhook);
          return (
            <tr>
              <th scope="row" class="what">
                <a href={webhookPath(webhook.id)}>
                  <bdi>{targetWords(webhook)}</bdi>
                </a>
                <span class="about">
                  {KIND_WORDS[webhook.kind]}
                  {webhook.description !== null && (
                    <>
                      {", "}
                      <bdi>{visible(webhook.description)}</bdi>
                    </>
                  )}
                </span>
              </th>
              <td class="events-of">
                {webhook.events.join(", ")}
                {narrowed !== "" && (
                  <span class="about">
                    <bdi>{narrowed}</bdi>
                  </span>
                )}
              </td>
              <td class="health">
                <WebhookBadge webhook={webhook} />
                <Since webhook={webhook} nowMs={nowMs} />
              </td>
              <td class="taken">
                <span class="label">last taken </span>
                {webhook.last_delivered_at === null ? (
                  <span class="muted">nothing lately</span>
                ) : (
                  <Age at={webhook.last_delivered_at} nowMs={nowMs} />
                )}
              </td>
              <td class="end num waiting">
                {waitingWords(webhook)}
                <span class="label"> waiting</span>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** Since when it is disabled, or fails, and why. */
export function Since({ webhook, nowMs }: { webhook: ListedWebhook; nowMs: number }) {
  const { disabled_at: disabledAt, disabled_why: why, failing_since: failingSince } = webhook;
  const since = disabledAt ?? failingSince;
  if (since === null) return null;
  return (
    <span class="about">
      {disabledAt === null ? "since " : ""}
      <Age at={since} nowMs={nowMs} />
      {disabledAt !== null && why !== null && <bdi>{visible(`, ${why}`)}</bdi>}
    </span>
  );
}

/** "12", "1,000+". */
export function waitingWords({ waiting }: ListedWebhook): string {
  return `${waiting.toLocaleString("en")}${waiting >= NOTIFICATIONS_SCAN_MAX ? "+" : ""}`;
}

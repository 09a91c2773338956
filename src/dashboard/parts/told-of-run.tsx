/** What webhooks were told of a run, and whether they took it. */

import type { ToldOfRun } from "../webhook-ports.ts";
import { notificationPath, webhookPath } from "../words/paths.ts";
import { targetWords } from "../words/webhooks.ts";
import { LastAttempt } from "./notification-table.tsx";
import { Age } from "./times.tsx";
import { NotificationBadge } from "./webhook-badge.tsx";

/** Always a part of the page, so that it can appear while somebody looks. */
export function ToldOfRunCard({ told, nowMs }: { told: ToldOfRun[]; nowMs: number }) {
  return (
    <section class="card flush" id="told" data-part hidden={told.length === 0} aria-labelledby="told-title">
      <h2 id="told-title" class="table-title">
        Notifications
      </h2>
      <table class="list notifications told-of-run">
        <caption class="unseen">What webhooks were told of this run, the oldest first</caption>
        <thead>
          <tr>
            <th scope="col">Notification</th>
            <th scope="col">To</th>
            <th scope="col">State</th>
            <th scope="col">Last attempt</th>
            <th scope="col" class="end">
              Age
            </th>
          </tr>
        </thead>
        <tbody>
          {told.map(({ webhook, notification }) => (
            <tr>
              <th scope="row" class="what">
                <a href={notificationPath({ webhook: webhook.id, id: notification.id })}>
                  {notification.type}
                </a>
              </th>
              <td class="to">
                <a href={webhookPath(webhook.id)}>
                  <bdi>{targetWords(webhook)}</bdi>
                </a>
              </td>
              <td class="outcome">
                <NotificationBadge state={notification.state} />
              </td>
              <td class="attempt">
                <LastAttempt notification={notification} nowMs={nowMs} />
              </td>
              <td class="end age">
                <Age at={notification.created_at} nowMs={nowMs} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** What a webhook was told, newest first: how each stands, and how its last attempt went. */

import type { NotificationSummaryBody } from "../../api/webhook-schema.ts";
import { notificationPath, runPath } from "../words/paths.ts";
import { attemptWords } from "../words/webhooks.ts";
import { Age, Until } from "./times.tsx";
import { NotificationBadge } from "./webhook-badge.tsx";

interface Props {
  webhook: string;
  notifications: NotificationSummaryBody[];
  nowMs: number;
}

export function NotificationTable({ webhook, notifications, nowMs }: Props) {
  return (
    <table class="list notifications">
      <caption class="unseen">Notifications, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Notification</th>
          <th scope="col">State</th>
          <th scope="col">Last attempt</th>
          <th scope="col">Run</th>
          <th scope="col" class="end">
            Age
          </th>
        </tr>
      </thead>
      <tbody>
        {notifications.map((notification) => (
          <tr>
            <th scope="row" class="what">
              <a href={notificationPath({ webhook, id: notification.id })}>{notification.type}</a>
              <span class="id">{notification.id}</span>
            </th>
            <td class="outcome">
              <NotificationBadge state={notification.state} />
            </td>
            <td class="attempt">
              <LastAttempt notification={notification} nowMs={nowMs} />
            </td>
            <td class="of-run">
              {notification.run_id !== null && (
                <a class="id" href={runPath(notification.run_id)}>
                  {notification.run_id}
                </a>
              )}
            </td>
            <td class="end age">
              <Age at={notification.created_at} nowMs={nowMs} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** How the last attempt went, how many there were, and when the next one is. */
export function LastAttempt({
  notification,
  nowMs,
}: {
  notification: NotificationSummaryBody;
  nowMs: number;
}) {
  const { last_attempt: last, tries, next_at: nextAt, state } = notification;
  const isPending = state === "pending";
  return (
    <>
      {last !== null && <bdi>{attemptWords(last)}</bdi>}
      {last === null && !isPending && <span class="muted">none</span>}
      {(isPending || tries > 1) && (
        <span class="about">
          {tries > 1 && `attempt ${tries}${isPending ? ", " : ""}`}
          {isPending && nextAt === null && "waits for the one before it in its run"}
          {isPending && nextAt !== null && (
            <>
              {last === null ? "first attempt " : "next "}
              <Until at={nextAt} nowMs={nowMs} />
            </>
          )}
        </span>
      )}
    </>
  );
}

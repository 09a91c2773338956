/** What somebody was told, newest first: how each stands, and how its last attempt went. */

import type { NotificationSummaryBody } from "../../api/webhook-schema.ts";
import { runPath } from "../words/paths.ts";
import { attemptWords } from "../words/webhooks.ts";
import { Age, Until } from "./times.tsx";
import { NotificationBadge } from "./webhook-badge.tsx";

export interface NotificationRow {
  href: string;
  what: string;
  /** What else is told, in a line. */
  about: string | null;
  /** What it is found by. */
  id: string;
  notification: NotificationSummaryBody;
  /** What must be there before it can be sent; absent where nothing is missing. */
  missing?: string | null;
}

interface Props {
  caption: string;
  /** What each row is. */
  what: string;
  rows: NotificationRow[];
  nowMs: number;
}

export function NotificationTable({ caption, what, rows, nowMs }: Props) {
  return (
    <table class="list notifications">
      <caption class="unseen">{`${caption}, newest first`}</caption>
      <thead>
        <tr>
          <th scope="col">{what}</th>
          <th scope="col">State</th>
          <th scope="col">Last attempt</th>
          <th scope="col">Run</th>
          <th scope="col" class="end">
            Age
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ href, what, about, id, notification, missing = null }) => (
          <tr>
            <th scope="row" class="what">
              <a href={href}>{what}</a>
              {about !== null && (
                <span class="about">
                  <bdi>{about}</bdi>
                </span>
              )}
              <span class="id">
                <bdi>{id}</bdi>
              </span>
            </th>
            <td class="outcome">
              <NotificationBadge state={notification.state} />
            </td>
            <td class="attempt">
              <LastAttempt notification={notification} missing={missing} nowMs={nowMs} />
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
  missing = null,
  nowMs,
}: {
  notification: NotificationSummaryBody;
  missing?: string | null;
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
          {isPending && missing !== null && `waits for ${missing}, `}
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

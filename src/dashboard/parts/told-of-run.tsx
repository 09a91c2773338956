/** What webhooks were told of a run, and what its commit was, and whether they took it. */

import type { ReportSummaryBody } from "../../api/report-ledger-schema.ts";
import type { NotificationSummaryBody } from "../../api/webhook-schema.ts";
import type { HookName } from "../hook-ports.ts";
import type { ToldOfRun } from "../webhook-ports.ts";
import { visible } from "../words/body-text.ts";
import { notificationPath, reportPath, reportsPath, webhookPath } from "../words/paths.ts";
import { targetWords } from "../words/webhooks.ts";
import { LastAttempt } from "./notification-table.tsx";
import { Age } from "./times.tsx";
import { NotificationBadge } from "./webhook-badge.tsx";

/** What a run has told of its commit, and the hook that started it. */
export interface Reported {
  hook: HookName;
  reports: ReportSummaryBody[];
}

interface Props {
  told: ToldOfRun[];
  /** Null of a run that reports nothing. */
  reported: Reported | null;
  nowMs: number;
}

interface Row {
  href: string;
  to: { href: string; words: string };
  notification: NotificationSummaryBody;
}

/** Always a part of the page, so that it can appear while somebody looks. */
export function ToldOfRunCard({ told, reported, nowMs }: Props) {
  const rows = rowsOf(told, reported);
  return (
    <section class="card flush" id="told" data-part hidden={rows.length === 0} aria-labelledby="told-title">
      <h2 id="told-title" class="table-title">
        Notifications
      </h2>
      <table class="list notifications told-of-run">
        <caption class="unseen">What webhooks and commits were told of this run, the oldest first</caption>
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
          {rows.map(({ href, to, notification }) => (
            <tr>
              <th scope="row" class="what">
                <a href={href}>{notification.type}</a>
              </th>
              <td class="to">
                <a href={to.href}>
                  <bdi>{to.words}</bdi>
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

function rowsOf(told: ToldOfRun[], reported: Reported | null): Row[] {
  const toWebhooks = told.map(({ webhook, notification }) => ({
    href: notificationPath({ webhook: webhook.id, id: notification.id }),
    to: { href: webhookPath(webhook.id), words: targetWords(webhook) },
    notification,
  }));
  if (reported === null) return toWebhooks;
  const { hook, reports } = reported;
  const toCommits = reports.map((report) => ({
    href: reportPath(hook, report.id),
    to: { href: reportsPath(hook), words: `its commit, as ${visible(report.commit_status.context)}` },
    notification: report,
  }));
  // Their ids are in the order of time.
  return [...toWebhooks, ...toCommits].sort((a, b) => (a.notification.id < b.notification.id ? -1 : 1));
}

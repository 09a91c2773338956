/** Reports on commits in the API's words. */

import type { SendAttempt } from "../core/notification/attempt.ts";
import type { Notification } from "../flow/ports/notifications.ts";
import type { ReportPayload } from "../flow/tell-commits.ts";
import type { ReportBody, ReportSummaryBody } from "./report-ledger-schema.ts";
import { attemptBody, notificationBody, notificationSummary } from "./webhook-body.ts";

/** @param missing the secret with the token, where that is not set; null where it is */
export function reportSummary(report: Notification, missing: string | null): ReportSummaryBody {
  const last = report.attempts.at(-1);
  const summary = { ...notificationSummary(report), ...told(report, missing) };
  return { ...summary, last_attempt: last ? reportAttemptBody(last) : null };
}

/**
 * @param missing likewise
 * @param waitsFor the one before it that it waits for; null where it waits for none
 */
export function reportBody(
  report: Notification,
  missing: string | null,
  waitsFor: Notification | null,
): ReportBody {
  const { payload: _payload, ...shown } = notificationBody(report, waitsFor);
  return { ...shown, ...told(report, missing), attempts: report.attempts.map(reportAttemptBody) };
}

function reportAttemptBody({ to, ...attempt }: SendAttempt): ReportBody["attempts"][number] {
  return { ...attemptBody(attempt), sent_to: to ? { api_url: to.apiUrl, token: to.token } : null };
}

export function payloadOf({ payload }: Notification): ReportPayload {
  return JSON.parse(payload);
}

function told(report: Notification, missing: string | null) {
  const { timestamp, data } = payloadOf(report);
  return { at: timestamp, commit_status: data, waiting: waitingOf(report, missing) };
}

function waitingOf({ state, nextAt }: Notification, missing: string | null): ReportSummaryBody["waiting"] {
  if (state !== "pending") return null;
  if (nextAt === null) return { for: "report", secret: null };
  return missing === null ? { for: "time", secret: null } : { for: "secret", secret: missing };
}

/** Reports on commits in the API's words. */

import type { Notification } from "../flow/ports/webhooks.ts";
import type { ReportPayload } from "../flow/tell-commits.ts";
import type { ReportBody, ReportSummaryBody } from "./report-ledger-schema.ts";
import { notificationBody, notificationSummary } from "./webhook-body.ts";

export function reportSummary(report: Notification): ReportSummaryBody {
  return { ...notificationSummary(report), ...told(report) };
}

export function reportBody(report: Notification): ReportBody {
  const { payload: _payload, waits_for: _waitsFor, ...shown } = notificationBody(report);
  return { ...shown, ...told(report) };
}

function told({ payload }: Notification) {
  const { timestamp, data } = JSON.parse(payload) as ReportPayload;
  return { at: timestamp, commit_status: data };
}

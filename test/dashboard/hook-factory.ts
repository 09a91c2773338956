/** Hooks, deliveries, webhooks and notifications as the API answers them. */

import type {
  ChangeBody,
  DeliveryBody,
  DeliverySummaryBody,
  StoredHookBody,
} from "../../src/api/delivery-schema.ts";
import type { ReportBody, ReportSummaryBody } from "../../src/api/report-ledger-schema.ts";
import type { NotificationBody } from "../../src/api/webhook-schema.ts";
import type { ShownWebhook } from "../../src/dashboard/webhook-ports.ts";
import { at, runId } from "./run-factory.ts";

export function aHook(changes: Partial<StoredHookBody> = {}): StoredHookBody {
  return {
    job: "deploy",
    name: "github",
    source: "github",
    url: "https://mayfly.example/hooks/0q3v",
    url_since: at(3_600_000),
    created_at: at(7_200_000),
    secrets: ["HOOK_SECRET"],
    rules: {},
    problem: null,
    report: null,
    refused_calls: null,
    last_delivery: null,
    ...changes,
  };
}

export function aChange(changes: Partial<ChangeBody> = {}): ChangeBody {
  return {
    kind: "push",
    repository: { url: "https://github.com/acme/site", full_name: "acme/site", is_private: false },
    ref: "refs/heads/main",
    branch: "main",
    tag: null,
    sha: "72d3162ecc7811e381ab4c9367dc0958aabbccdd",
    before: null,
    message: "Mend the gate\n\nIt hung.",
    author: "octocat",
    pull_request: null,
    ...changes,
  };
}

/** A push that came a minute ago, and was filtered unless told otherwise. */
export function aDelivery(changes: Partial<DeliveryBody> = {}): DeliveryBody {
  const body = changes.body ?? '{"ref":"refs/heads/main"}';
  const isOfRun = changes.run_id !== undefined && changes.run_id !== null;
  return {
    id: "d-1",
    received_at: at(60_000),
    source: "github",
    event: "push",
    action: null,
    verdict: isOfRun ? "started" : "filtered",
    why: isOfRun ? null : "branch",
    detail: isOfRun ? null : "branch main: only dev is taken",
    job_version: 3,
    run_id: null,
    run: null,
    resend_of: null,
    without_secrets: false,
    repeats: 0,
    repeated_at: null,
    change: aChange(),
    body_bytes: body.length,
    body_sha256: "ab".repeat(32),
    body_of: null,
    headers: { "x-github-event": "push" },
    body,
    body_base64: null,
    body_complete: true,
    ...changes,
  };
}

export function deliverySummaryOf(delivery: DeliveryBody): DeliverySummaryBody {
  const {
    headers: _headers,
    body: _body,
    body_base64: _base64,
    body_complete: _complete,
    ...summary
  } = delivery;
  return summary;
}

export function aWebhook(changes: Partial<ShownWebhook> = {}): ShownWebhook {
  return {
    id: "wh_7k2m9q4x8c1v5b3n",
    kind: "standard",
    url: "https://hear.example/mayfly",
    events: ["run.failed"],
    jobs: null,
    tags: null,
    description: null,
    email: null,
    created_at: at(7_200_000),
    updated_at: at(7_200_000),
    failing_since: null,
    disabled_at: null,
    disabled_why: null,
    old_secret_until: null,
    waiting: 0,
    last_delivered_at: null,
    notes: [],
    ...changes,
  };
}

export function notificationId(n: number): string {
  return `msg_01jd0k3v7c9q2m8w5x4y6z7${String(n).padStart(3, "0")}`;
}

/** Of a minute ago, taken at once unless told otherwise. */
export function aNotification(changes: Partial<NotificationBody> = {}): NotificationBody {
  const isPending = changes.state === "pending";
  const attempt = { at: at(59_000), duration_ms: 34, status: 200, answer: "thanks", error: null };
  return {
    id: notificationId(1),
    type: "run.failed",
    state: "delivered",
    run_id: null,
    tries: 1,
    created_at: at(60_000),
    next_at: isPending ? at(-90_000) : null,
    ended_at: isPending ? null : at(58_000),
    waits_for: null,
    payload: { type: "run.failed", data: {} },
    attempts: [attempt],
    ...changes,
  };
}

/** A success that was told a minute ago, and taken at once unless told otherwise. */
export function aReport(
  changes: Partial<Omit<ReportBody, "commit_status">> = {},
  status: Partial<ReportBody["commit_status"]> = {},
): ReportBody {
  const {
    payload: _,
    waits_for: _waitsFor,
    ...told
  } = aNotification({ type: "status.success", run_id: runId(1) });
  return {
    ...told,
    ...(changes.state === "pending" && { next_at: at(-90_000), ended_at: null }),
    at: at(61_000),
    commit_status: {
      source: "github",
      api_url: null,
      token: "STATUS_TOKEN",
      repository: { full_name: "acme/site", url: "https://github.com/acme/site" },
      sha: "72d3162ecc7811e381ab4c9367dc0958aabbccdd",
      ref: "main",
      context: "mayfly/deploy",
      state: "success",
      description: "Succeeded in 4s",
      target_url: `https://mayfly.example/runs/${runId(1)}`,
      run_id: runId(1),
      ...status,
    },
    ...changes,
  };
}

export function reportSummaryOf({ attempts, ...summary }: ReportBody): ReportSummaryBody {
  return { ...summary, last_attempt: attempts.at(-1) ?? null };
}

export function notificationSummaryOf({
  payload: _,
  waits_for: _waitsFor,
  attempts,
  ...summary
}: NotificationBody) {
  return { ...summary, last_attempt: attempts.at(-1) ?? null };
}

/** Tell commits: what a hook's run reports where its commit is, in the lines that webhooks have, too. */

import { reportTarget } from "../core/commit-status/report.ts";
import { type CommitStatus, commitStatusOf } from "../core/commit-status/status.ts";
import type { SendResult } from "../core/webhook/attempt.ts";
import { type Fact, lineOf } from "../core/webhook/fact.ts";
import type { ReportLedger, SendStatus } from "./ports/reports.ts";
import type { Courier, OutboxReader } from "./ports/webhooks.ts";
import type { Clock } from "./ports.ts";

/** The `kind` of what commits are told. */
export const TO_COMMIT = "commit_status";

/** The payload of such a notification. */
export interface ReportPayload {
  type: `status.${CommitStatus["state"]}`;
  /** When it happened, RFC 3339. */
  timestamp: string;
  data: CommitStatus;
}

/** @param publicUrl where browsers find this Mayfly, without a slash at its end; null where nobody knows */
export function commitReader(publicUrl: string | null): OutboxReader {
  return {
    async read(row) {
      const { fact, orgId, seq } = row;
      const status = fact.kind === "run" ? commitStatusOf(fact, publicUrl) : null;
      const hook = fact.kind === "run" ? hookOf(fact) : null;
      if (status === null || hook === null) return [];
      const type = `status.${status.state}` as const;
      const timestamp = rfc3339(fact);
      const payload: ReportPayload = { type, timestamp, data: status };
      return [
        {
          webhookId: reportTarget({ orgId, ...hook }),
          line: lineOf(row),
          seq,
          orgId,
          kind: TO_COMMIT,
          type,
          payload: JSON.stringify(payload),
        },
      ];
    },
  };
}

/** What was to be told when it happened is told also where its hook is gone by then. */
export function commitCourier(ledger: ReportLedger, send: SendStatus, clock: Clock): Courier {
  return {
    async open(orgId) {
      return {
        async send(report) {
          const { data } = JSON.parse(report.payload) as ReportPayload;
          if (await ledger.isOvertaken(report, data)) return overtaken(clock.now());
          return send(orgId, data);
        },
        async note() {},
      };
    },
  };
}

function overtaken(at: number): SendResult {
  const error = "not sent: a newer run tells of this commit, or its own has told more since";
  return { at, ms: 0, status: null, answer: null, error, retryAfterMs: null, ending: "dropped" };
}

function hookOf({ run }: Extract<Fact, { kind: "run" }>): { job: string; name: string } | null {
  return run.job === null || run.delivery === null ? null : { job: run.job.name, name: run.delivery.hook };
}

function rfc3339(fact: Fact): string {
  return new Date(fact.kind === "run" ? fact.event.at : fact.alert.at).toISOString();
}

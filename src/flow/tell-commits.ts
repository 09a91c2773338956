/** Tell commits: what a hook's run reports where its commit is, in the lines that webhooks have, too. */

import { hookOfTarget, reportTarget } from "../core/commit-status/report.ts";
import { reportSays, whyAlert } from "../core/commit-status/standing.ts";
import { type CommitStatus, commitStatusOf } from "../core/commit-status/status.ts";
import { DELIVERY_TEXT_MAX_CHARS } from "../core/limits.ts";
import { rfc3339 } from "../core/rfc3339.ts";
import type { SendResult } from "../core/webhook/attempt.ts";
import { type Fact, lineOf } from "../core/webhook/fact.ts";
import type { HookStore, StoredHook } from "./ports/hooks.ts";
import type { ReportLedger, SendStatus } from "./ports/reports.ts";
import type { Courier, NotificationStore, OutboxReader } from "./ports/webhooks.ts";
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
      const timestamp = rfc3339(fact.kind === "run" ? fact.event.at : fact.alert.at);
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

export interface CommitPorts {
  ledger: ReportLedger;
  notifications: Pick<NotificationStore, "resend">;
  hooks: Pick<HookStore, "find">;
  send: SendStatus;
  clock: Clock;
}

/**
 * What was to be told when it happened is told also where its hook is gone by then. Where it goes and with which token is what the hook says
 * now, so that whoever mends that mends what waits and what is sent again, and a URL that was wrong is given no token any more.
 */
export function commitCourier({ ledger, notifications, hooks, send, clock }: CommitPorts): Courier {
  return {
    async open(orgId, target) {
      const key = hookOfTarget(target);
      const hook = key && (await hooks.find(key));
      /** As it is stored, as far as this one knows: what changes nothing is not written. */
      let failingSince = hook?.reportsFailingSince ?? null;
      return {
        async send(report) {
          const { data } = JSON.parse(report.payload) as ReportPayload;
          const overtaker = await ledger.overtakenBy(report, data);
          if (overtaker !== null) {
            const { retold } = overtaker;
            if (retold !== null) await notifications.resend(orgId, target, retold, clock.now());
            return overtaken(clock.now());
          }
          return send(orgId, asHookSays(hook, data));
        },
        async note(_report, result, at) {
          const said = hook === null ? "nothing" : reportSays(result);
          if (hook === null || said === "nothing") return;
          if (said === "taken") {
            if (failingSince !== null) await ledger.noteTaken(hook);
            failingSince = null;
            return;
          }
          failingSince ??= await ledger.noteFailed(hook, at);
          const why = failingSince === null ? null : whyAlert(hook, result, at - failingSince);
          if (failingSince !== null && why !== null)
            await ledger.alert(hook, failingSince, at, why.slice(0, DELIVERY_TEXT_MAX_CHARS));
        },
      };
    },
  };
}

/** A status as it is sent now. @param hook null where it is gone */
export function asHookSays(hook: Pick<StoredHook, "spec"> | null, status: CommitStatus): CommitStatus {
  const now = hook !== null && hook.spec.source === status.source ? hook.spec.report : undefined;
  return now ? { ...status, api_url: now.apiUrl, token: now.token } : status;
}

function overtaken(at: number): SendResult {
  const error =
    "not sent: a newer run tells of this commit, its own has told more since, or its own never ran and an older one tells of it";
  return { at, ms: 0, status: null, answer: null, error, retryAfterMs: null, ending: "dropped" };
}

function hookOf({ run }: Extract<Fact, { kind: "run" }>): { job: string; name: string } | null {
  return run.job === null || run.delivery === null ? null : { job: run.job.name, name: run.delivery.hook };
}

/** Tell commits: what a hook's run reports where its commit is, in the lines that webhooks have, too. */

import { hookOfTarget, reportTarget } from "../core/commit-status/report.ts";
import { reportSays, whyAlert } from "../core/commit-status/standing.ts";
import { type CommitStatus, commitStatusOf } from "../core/commit-status/status.ts";
import { DELIVERY_TEXT_MAX_CHARS } from "../core/limits.ts";
import type { SendResult } from "../core/notification/attempt.ts";
import { lineOf, type RunFact } from "../core/notification/fact.ts";
import { rfc3339 } from "../core/rfc3339.ts";
import type { HookStore, StoredHook } from "./ports/hooks.ts";
import type { Courier, NotificationStore, OutboxReader } from "./ports/notifications.ts";
import type { ReportLedger, SendStatus } from "./ports/reports.ts";
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
      if (fact.kind !== "run") return [];
      const [status, hook] = [commitStatusOf(fact, publicUrl), hookOf(fact)];
      if (status === null || hook === null) return [];
      const type = `status.${status.state}` as const;
      const payload: ReportPayload = { type, timestamp: rfc3339(fact.event.at), data: status };
      return [
        {
          target: reportTarget({ orgId, ...hook }),
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
 * Where it goes and with which token is what the hook says now, so that whoever mends that mends what waits and what is sent again, and a URL
 * that was wrong, or was taken out, is given no token any more. Where the hook is gone by then what happened before is told all the same, if
 * the source's own API takes it.
 */
export function commitCourier({ ledger, notifications, hooks, send, clock }: CommitPorts): Courier {
  return {
    async open(orgId, target) {
      const key = hookOfTarget(target);
      const hook = key && (await hooks.find(key));
      /** As it is stored, as far as this one knows: what changes nothing is not written. */
      let failingSince = hook?.reportsFailingSince ?? null;
      /** Whether that is an alert already, likewise. */
      let isAlert = false;
      return {
        async send(report) {
          const { data } = JSON.parse(report.payload) as ReportPayload;
          const overtaker = await ledger.overtakenBy(report, data);
          if (overtaker !== null) {
            const { retold } = overtaker;
            if (retold !== null) await notifications.resend(orgId, target, retold, clock.now());
            return overtaken(clock.now());
          }
          const status = asHookSays(hook, data);
          if (status === null) return reportedNoMore(clock.now());
          const { api_url: apiUrl, token } = status;
          return { ...(await send(orgId, status)), to: { apiUrl, token } };
        },
        async note({ triesFrom }, result, at) {
          const said = hook === null ? "nothing" : reportSays(result);
          if (hook === null || said === "nothing") return;
          if (said === "taken") {
            if (failingSince !== null) await ledger.noteTaken(hook);
            failingSince = null;
            isAlert = false;
            return;
          }
          failingSince ??= await ledger.noteFailed(hook, at);
          if (failingSince === null || isAlert) return;
          const why = whyAlert(hook, result, at - failingSince, at - triesFrom);
          if (why === null) return;
          // Before it is written, as others of the hook fail meanwhile. Where it is not written this one sends nothing more.
          isAlert = true;
          await ledger.alert(hook, failingSince, at, why.slice(0, DELIVERY_TEXT_MAX_CHARS));
        },
      };
    },
  };
}

/**
 * A status as it is sent now; null where it is not, as the job names nothing any more that it could be sent to. The source's own API is known
 * without a hook.
 * @param hook null where it is gone
 */
export function asHookSays(hook: Pick<StoredHook, "spec"> | null, status: CommitStatus): CommitStatus | null {
  if (hook === null) return status.api_url === null ? status : null;
  const { source, report } = hook.spec;
  return report && source === status.source
    ? { ...status, api_url: report.apiUrl, token: report.token }
    : null;
}

function overtaken(at: number): SendResult {
  return unsent(
    at,
    "a newer run tells of this commit, its own has told more since, or its own never ran and an older one tells of it",
  );
}

function reportedNoMore(at: number): SendResult {
  return unsent(at, "its hook reports on no commit of this sender any more");
}

function unsent(at: number, why: string): SendResult {
  const error = `not sent: ${why}`;
  return { at, ms: 0, status: null, answer: null, error, retryAfterMs: null, ending: "dropped" };
}

function hookOf({ run }: RunFact): { job: string; name: string } | null {
  return run.job === null || run.delivery === null ? null : { job: run.job.name, name: run.delivery.hook };
}

/** Hooks and webhooks with as much to say as there can be, and the pages that have to find room for it. */

import { COMMIT_STATES } from "../../src/core/commit-status/state.ts";
import { VERDICTS } from "../../src/core/hook/verdict.ts";
import { PAGE_LEDGER_MAX } from "../../src/core/limits.ts";
import { NOTIFICATION_STATES } from "../../src/core/notification/attempt.ts";
import { WEBHOOK_EVENTS } from "../../src/core/webhook/event-types.ts";
import {
  aChange,
  aDelivery,
  aHook,
  aNotification,
  aReport,
  aWebhook,
  notificationId,
} from "./hook-factory.ts";
import type { HooksInMemory } from "./memory-hook-ports.ts";
import { at } from "./run-factory.ts";

const LONG = "x".repeat(120);
const JOB = "y".repeat(63);
const ID = "wh_7k2m9q4x8c1v5b3n";

/** @param runId of the run that is started and told of */
export function crowdedHooks(runId: string): Partial<HooksInMemory> {
  const change = aChange({ branch: LONG, message: `${LONG} ${"w ".repeat(60)}`, author: LONG });
  const deliveries = VERDICTS.map((verdict, n) =>
    aDelivery({
      id: `${LONG.slice(0, 100)}${n}`,
      verdict,
      run_id: verdict === "started" ? runId : null,
      event: LONG,
      detail: verdict === "refused" ? LONG : null,
      change,
      repeats: 12,
      without_secrets: true,
      headers: { [LONG]: LONG },
      body: JSON.stringify({ [LONG]: LONG }),
    }),
  );
  const full = { full_name: `${LONG}/${LONG}`, url: `https://github.com/${LONG}/${LONG}` };
  const told = {
    repository: full,
    context: LONG,
    description: LONG.repeat(2),
    ref: LONG,
    api_url: `https://git.example/${LONG}`,
  };
  const attempts = [
    { at: at(0), duration_ms: 9999, status: 401, answer: LONG, error: `it answered 401: ${LONG}` },
  ];
  const waits = [
    { for: "report", secret: null },
    { for: "secret", secret: LONG },
    { for: "time", secret: null },
  ] as const;
  const reports = Array.from({ length: PAGE_LEDGER_MAX }, (_, n) => {
    const state = NOTIFICATION_STATES[n % NOTIFICATION_STATES.length] ?? "pending";
    const waiting = state === "pending" ? (waits[n % waits.length] ?? null) : null;
    const nextAt = waiting?.for === "report" ? { next_at: null } : {};
    const status = { ...told, state: COMMIT_STATES[n % COMMIT_STATES.length] ?? "pending" };
    const ids = {
      id: notificationId(999 - n),
      waits_for: waiting?.for === "report" ? notificationId(0) : null,
    };
    const sent = attempts.map((attempt) => ({
      ...attempt,
      sent_to: { api_url: told.api_url, token: LONG },
    }));
    return aReport({ ...ids, state, waiting, ...nextAt, tries: 40, run_id: runId, attempts: sent }, status);
  });
  const report = {
    context: LONG,
    api_url: told.api_url,
    token: LONG,
    problem: LONG,
    failing_since: at(60_000),
  };
  const rules = { branches: [LONG, "main"], if: LONG.repeat(5) };
  const url = `https://mayfly.example/${LONG}`;
  const attempt = { at: at(0), duration_ms: 9999, status: 500, answer: LONG, error: `it answered ${LONG}` };
  return {
    hooks: [
      aHook({ job: JOB, name: JOB, url, rules, problem: LONG, report, last_delivery: deliveries[1] ?? null }),
      aHook({ job: "nightly", url, rules, last_delivery: deliveries[0] ?? null }),
    ],
    deliveries: { [`${JOB}/${JOB}`]: deliveries },
    reports: { [`${JOB}/${JOB}`]: reports },
    webhooks: [
      aWebhook({
        url,
        description: LONG,
        events: [...WEBHOOK_EVENTS],
        jobs: [LONG],
        tags: { [LONG]: LONG },
        failing_since: at(9_000_000),
        waiting: 1000,
        last_delivered_at: at(60_000),
      }),
      aWebhook({ id: "wh_2", disabled_at: at(60_000), disabled_why: LONG }),
    ],
    notifications: {
      [ID]: NOTIFICATION_STATES.map((state, n) =>
        aNotification({
          id: notificationId(n),
          state,
          tries: 40,
          run_id: runId,
          attempts: [attempt, attempt],
        }),
      ),
    },
  };
}

export const CROWDED_PAGES = [
  "/hooks",
  `/hooks/${JOB}/${JOB}`,
  `/hooks/${JOB}/${JOB}/deliveries/${LONG.slice(0, 100)}0`,
  `/hooks/${JOB}/${JOB}/reports`,
  `/hooks/${JOB}/${JOB}/reports/${notificationId(999)}`,
  "/webhooks",
  `/webhooks/${ID}`,
  `/webhooks/${ID}/edit`,
  `/webhooks/${ID}/notifications/${notificationId(0)}`,
];

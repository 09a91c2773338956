/** What a webhook can be told of, and the facts of ours that these are made of. */

import type { AlertType } from "../alert/alert.ts";
import type { EventType } from "../event.ts";
import type { FinalStatus } from "../run.ts";

/** Types of notifications that can be subscribed to. */
export const WEBHOOK_EVENTS = [
  "run.queued",
  "run.started",
  "run.retrying",
  "run.succeeded",
  "run.failed",
  "run.cancelled",
  "run.finished",
  "schedule.late",
  "job.silent",
  "webhook.disabled",
  "chain.stopped",
  "report.failing",
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** What is sent where somebody tries a webhook; nobody subscribes to it. */
export const TEST_EVENT = "webhook.test";
export type NotificationType = WebhookEvent | typeof TEST_EVENT;

/** Types of a run's events that somebody can want to be told of. The triggers on `runs` and `run_events` name them, too. */
export const TOLD_EVENTS = [
  "accepted",
  "machine_started",
  "attempt_failed",
  "settled",
] as const satisfies readonly EventType[];
export type ToldEvent = (typeof TOLD_EVENTS)[number];

/** A fact in one word, as the triggers spell it: the type of a run's event, with the status of one that settles it, or that of an alert. */
export type FactWord = Exclude<ToldEvent, "settled"> | `settled:${FinalStatus}` | AlertType;

/** By the word of a fact what it is told as, the most telling type first. */
export const TYPES_OF_FACT: Record<FactWord, readonly WebhookEvent[]> = {
  accepted: ["run.queued"],
  machine_started: ["run.started"],
  attempt_failed: ["run.retrying"],
  "settled:succeeded": ["run.succeeded", "run.finished"],
  "settled:failed": ["run.failed", "run.finished"],
  "settled:cancelled": ["run.cancelled", "run.finished"],
  schedule_late: ["schedule.late"],
  job_silent: ["job.silent"],
  webhook_disabled: ["webhook.disabled"],
  chain_stopped: ["chain.stopped"],
  report_failing: ["report.failing"],
};

/**
 * The words of all facts that some types are made of, each between spaces: what a trigger looks for before it notes a fact, so that one
 * nobody wants to hear of costs nothing.
 */
export function factWordsOf(events: readonly WebhookEvent[]): string {
  const words = Object.entries(TYPES_OF_FACT)
    .filter(([, types]) => types.some((type) => events.includes(type)))
    .map(([word]) => word);
  return words.length === 0 ? "" : ` ${words.join(" ")} `;
}

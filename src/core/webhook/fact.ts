/** Facts that somebody may want to be told of, as the outbox has them, and who wants which. */

import type { FoundAlert } from "../alert/alert.ts";
import type { RunUpstream } from "../chain/upstream.ts";
import type { Accepted, AttemptFailed, MachineStarted, Settled } from "../event.ts";
import type { RunDelivery } from "../hook/run-delivery.ts";
import type { Run } from "../run.ts";
import { type FactWord, TYPES_OF_FACT, type WebhookEvent } from "./event-types.ts";
import { matchesName } from "./name-pattern.ts";
import type { Subscription } from "./webhook.ts";

/** What never changes of a run, and so is the same whenever the fact is told. */
export interface ToldRun extends Pick<Run, "id" | "orgId" | "acceptedAt" | "originId"> {
  name: string | null;
  tags: Record<string, string>;
  image: string;
  job: { name: string; version: number } | null;
  firing: { schedule: string; dueAt: number } | null;
  /** The delivery of a hook that it is for; null of every other. */
  delivery: RunDelivery | null;
  /** The run after which it was started; null of every other. */
  upstream: RunUpstream | null;
  /** When its last machine started; null where none has. */
  startedAt: number | null;
}

export type ToldRunEvent =
  | Pick<Accepted, "type" | "at">
  | Pick<MachineStarted, "type" | "at" | "attempt">
  | Omit<AttemptFailed, "output">
  | Settled;

export interface RunFact {
  kind: "run";
  run: ToldRun;
  event: ToldRunEvent;
}

export interface AlertFact {
  kind: "alert";
  alert: FoundAlert & {
    /** Null of a webhook. */
    job: string | null;
    schedule: string | null;
    hook: string | null;
    webhook: string | null;
    at: number;
  };
}

export type Fact = RunFact | AlertFact;

/** A row of the outbox: a fact with its place among those of its run. Alerts have places of their own. */
export interface OutboxRow {
  /** The run's id, or `alerts`. */
  source: string;
  /** The number of the run's event, or of the alert. */
  seq: number;
  orgId: string;
  /** When it happened; 0 where what it tells of is not there any more. */
  at: number;
  /** Null where what it tells of is not there any more, or can not be read. */
  fact: Fact | null;
  /** Why it can not be read; null where it can. */
  unreadable: string | null;
}

/** What an alert's row of the outbox has in the place of a run's id. */
export const ALERTS = "alerts";

export function wordOf(fact: Fact): FactWord {
  if (fact.kind === "alert") return fact.alert.type;
  const { event } = fact;
  return event.type === "settled" ? `settled:${event.status}` : event.type;
}

/** The line in which a fact is told: what is of one line is told in order. That is a run; alerts do not wait for each other. */
export function lineOf({ source, seq }: Pick<OutboxRow, "source" | "seq">): string {
  return source === ALERTS ? `alert_${seq}` : source;
}

/** As what a subscriber is told of a fact: the most telling of the types that it wants; null where it wants none. */
export function typeFor({ events, jobs, tags }: Subscription, fact: Fact): WebhookEvent | null {
  const type = TYPES_OF_FACT[wordOf(fact)].find((each) => events.includes(each)) ?? null;
  const job = fact.kind === "run" ? (fact.run.job?.name ?? null) : fact.alert.job;
  if (jobs !== null && (job === null || !jobs.some((pattern) => matchesName(pattern, job)))) return null;
  const has: Record<string, string> = fact.kind === "run" ? fact.run.tags : {};
  const isTagged = ([key, value]: [string, string]) => Object.hasOwn(has, key) && has[key] === value;
  if (tags !== null && !Object.entries(tags).every(isTagged)) return null;
  return type;
}

/** Facts that somebody may want to be told of, as the outbox has them. */

import type { FoundAlert } from "../alert/alert.ts";
import type { RunUpstream } from "../chain/upstream.ts";
import type { Accepted, AttemptFailed, MachineStarted, Settled } from "../event.ts";
import type { RunDelivery } from "../hook/run-delivery.ts";
import type { Run } from "../run.ts";

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

/** The line in which a fact is told: what is of one line is told in order. That is a run; alerts do not wait for each other. */
export function lineOf({ source, seq }: Pick<OutboxRow, "source" | "seq">): string {
  return source === ALERTS ? `alert_${seq}` : source;
}

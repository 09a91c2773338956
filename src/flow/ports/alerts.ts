/** Where alerts are kept, and what is watched for them. */

import type { AlertType, FoundAlert, Looked } from "../../core/alert/alert.ts";
import type { WatchedFiring, WatchedSchedule } from "../../core/alert/lateness.ts";
import type { WatchedJob } from "../../core/alert/silence.ts";

export interface Alert extends FoundAlert {
  /** Counts all alerts of the deployment, in the order in which they were recorded; some numbers are left out. */
  seq: number;
  /** Null of a webhook. */
  job: string | null;
  /** Null of a silent job. */
  schedule: string | null;
  /** Null but of a hook's reports. */
  hook: string | null;
  /** Null but of a webhook. */
  webhook: string | null;
  /** When it was found. Epoch milliseconds. */
  at: number;
}

interface WatchKey {
  orgId: string;
  job: string;
  /** When it was last looked at: with what is settled, the lock of whoever looks. */
  lookedAt: number;
}

/** A job or a schedule whose time to be looked at has come. */
export type Watched =
  | (WatchKey & WatchedJob & { kind: "job" })
  | (WatchKey & WatchedSchedule & { kind: "schedule"; schedule: string });

export interface AlertFilter {
  job: string | null;
  type: AlertType | null;
  /** Epoch milliseconds of the first moment; null for no bound. */
  sinceMs: number | null;
  /** Only those with a smaller number; null for no bound. */
  beforeSeq: number | null;
  limit: number;
}

export interface AlertStore {
  /** What is to be looked at by a moment, the longest due first, and what was looked at after another: by a clock that was ahead. */
  due(nowMs: number, lookedAfterMs: number, limit: number): Promise<Watched[]>;
  /** When a run of each of these jobs last succeeded, of its newest runs; null where none did. */
  heardAt(jobs: { orgId: string; job: string }[]): Promise<(number | null)[]>;
  /** Rows of ledgers in these stretches, in their order and oldest first, at most `limit` together. */
  firings(
    stretches: { orgId: string; job: string; schedule: string; after: number; through: number }[],
    limit: number,
  ): Promise<(WatchedFiring & { stretch: number })[]>;
  /** Records alerts, each once, and when to look next, of each both or, where it is not as it was seen, neither. All or nothing. */
  record(looked: { watched: Watched; looked: Looked }[], at: number): Promise<void>;
  /** Newest first. */
  list(orgId: string, filter: AlertFilter): Promise<Alert[]>;
  /** The last one of a job or one of its schedules; with a schedule, of that one. */
  last(orgId: string, job: string, schedule?: string): Promise<Alert | null>;
  /**
   * Removes alerts that were found before a moment, the first ones by their numbers, up to the first that was not: none that the next look
   * would find again, as that of a job that is silent still.
   * @returns how many
   */
  forget(beforeMs: number, limit: number): Promise<number>;
}

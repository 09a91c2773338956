/**
 * Alert: a recorded event about a schedule whose run did not start in time, a job that is not heard of, a webhook that nobody answers
 * at, a job that did not start after another's run as it was to, or a hook of whose reports on commits none is taken.
 */

import { parseDuration } from "../duration.ts";
import type { JobDefinition } from "../job.ts";
import type { ScheduleSpec } from "../schedule/spec.ts";

export const ALERT_TYPES = [
  "schedule_late",
  "job_silent",
  "webhook_disabled",
  "chain_stopped",
  "report_failing",
] as const;
export type AlertType = (typeof ALERT_TYPES)[number];

/** What is found. With its job and schedule or hook, or its webhook, `type` and `dueAt` are its key: it is recorded once. */
export interface FoundAlert {
  type: AlertType;
  /** Of a late schedule the due time; of a silent job when it was to be heard of at the latest; of a webhook when it was disabled; of a chain when it stopped; of a hook's reports since when none was taken. Epoch milliseconds. */
  dueAt: number;
  /** The run that is late, or after which nothing was started; null where there is none. */
  runId: string | null;
  /** A sentence for people. */
  detail: string;
}

/** What one look at a job or a schedule comes to. */
export interface Looked {
  alerts: FoundAlert[];
  /** Up to when it is settled: see `silence.ts` and `lateness.ts`. */
  fromAt: number;
  /** When to look next, in epoch milliseconds; null where nothing more can come. */
  lookAt: number | null;
}

/** What is to be watched of a job: itself, where `schedule` is "", and those of its schedules that have a limit. */
export interface WatchWish {
  schedule: string;
  limitMs: number;
}

export function watchesOf({ expect_every }: JobDefinition, schedules: ScheduleSpec[]): WatchWish[] {
  const everyMs = expect_every === undefined ? null : parseDuration(expect_every);
  return [
    ...(everyMs === null ? [] : [{ schedule: "", limitMs: everyMs }]),
    ...schedules.flatMap(({ name, lateAfterMs }) =>
      lateAfterMs === undefined ? [] : [{ schedule: name, limitMs: lateAfterMs }],
    ),
  ];
}

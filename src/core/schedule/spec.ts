/** A schedule as its job defines it, and what the rest of Mayfly needs to tell schedules apart. */

import { TIMEKEEPER_SHARDS } from "../limits.ts";
import { shareOf } from "../poll.ts";
import type { CatchUp, Overlap, Schedule, Timing } from "./schedule.ts";

/** Which schedule: names are unique within a job. */
export interface ScheduleKey {
  orgId: string;
  job: string;
  name: string;
}

/** What a job's definition says of one schedule, complete and checked. */
export interface ScheduleSpec extends Timing {
  name: string;
  overlap: Overlap;
  catchUp: CatchUp;
  jitterMs: number;
  /** Where its run did not start so many milliseconds after the due time, an alert is recorded; left out: nobody asks. */
  lateAfterMs?: number;
  /** True where the definition itself has it rest. */
  paused: boolean;
  /** Of its runs: compact JSON of any value. */
  input: string;
}

/** What decisions are made by. */
export function scheduleOf(key: ScheduleKey, spec: ScheduleSpec): Schedule {
  return { ...spec, id: scheduleId(key) };
}

export function scheduleId({ orgId, job, name }: ScheduleKey): string {
  return `${orgId}/${job}/${name}`;
}

/** The timekeeper that starts the schedule's firings, from 0. */
export function shardOf(key: ScheduleKey): number {
  return Math.floor(shareOf(scheduleId(key)) * TIMEKEEPER_SHARDS);
}

/** The same text for the same due times: with another one a schedule begins to count anew. */
export function timingText({ rule, startsAt, endsAt }: Timing): string {
  return JSON.stringify([rule, startsAt, endsAt]);
}

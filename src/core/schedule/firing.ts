/** The due time that a run was submitted for. */

import { rfc3339 } from "../rfc3339.ts";
import type { Overlap } from "./schedule.ts";

export interface RunFiring {
  /** The schedule's name, in the run's job. */
  schedule: string;
  /** Epoch milliseconds. With the schedule it is the key of the ledger. */
  dueAt: number;
  /** What is done where the schedule's previous run is still at work. */
  overlap: Overlap;
  /** True where it is submitted later than in time, as `catchUp` or a backfill asks for. */
  isCaughtUp: boolean;
  /** Of a run that was accepted ahead of its time, as its schedule is punctual; absent for every other. */
  ahead?: Ahead;
  /** True where Fly started its Machine and the run was made of that: there was nothing to submit, and nothing was armed. */
  startedByFly?: true;
}

export interface Ahead {
  /** Epoch milliseconds: the due time with its jitter, before which the command is not to start. */
  startsAt: number;
  /** Of the schedule, as it was then: of one that has changed since, or rests, the run is not wanted any more. */
  revision: number;
}

/** Whether each is wanted, one after the other: what is made good afterwards would otherwise skip itself. */
export function overlapOfCatchUp(overlap: Overlap): Overlap {
  return overlap === "skip" ? "queue" : overlap;
}

/** What a scheduled run's command finds in its environment besides what every run of a job does. */
export function firingEnvironment({ schedule, dueAt }: RunFiring): Record<string, string> {
  return { MAYFLY_SCHEDULE: schedule, MAYFLY_DUE_AT: rfc3339(dueAt) };
}

/** What the pages of jobs and schedules need of the rest of Mayfly, in the words of the API. */

import type { AlertListBody } from "../api/alert-schema.ts";
import type {
  FiringBody,
  FiringListBody,
  ScheduleListBody,
  StoredScheduleBody,
} from "../api/firing-schema.ts";
import type {
  JobDiffBody,
  JobListBody,
  JobVersionBody,
  ShownJobBody,
  VersionListBody,
} from "../api/job-schema.ts";
import type { RunSummaryBody } from "../api/run-schema.ts";
import type { FiringOutcome } from "../core/schedule/schedule.ts";

/** A job in a list, with what comes next and what came last. */
export type ListedJob = JobListBody["jobs"][number] & {
  /** The earliest of its schedules; null where none is due any more, or all rest. */
  next_due_at: string | null;
  schedules: number;
  /** Of those as many as rest. */
  resting: number;
  /** Whether Fly starts the machine of one that does not rest, at times of its own. */
  is_started_by_fly: boolean;
  last_run: RunSummaryBody | null;
};

export interface ListedJobs {
  jobs: ListedJob[];
  /** As `listJobs` takes it; null on the last page. */
  next_cursor: string | null;
}

export interface ScheduleName {
  job: string;
  name: string;
}

export interface FiringQuery {
  outcome: FiringOutcome | null;
  /** As `next_cursor` gave it; null for the newest. */
  cursor: string | null;
}

/** Nothing and nobody of the name is null or false; an `AppError` of the core is shown with its sentence. */
export interface JobPorts {
  /** By name; the cursor is null for the first page. */
  listJobs(cursor: string | null): Promise<ListedJobs>;
  getJob(name: string): Promise<ShownJobBody | null>;
  /** Newest first, older than one, also of a job that was deleted; at most `limit`, or what a page of the API has. */
  jobVersions(name: string, before: number | null, limit?: number): Promise<VersionListBody | null>;
  jobVersion(name: string, version: number): Promise<JobVersionBody | null>;
  /** @throws AppError `not_found` where one of the versions is not kept */
  jobDiff(name: string, from: number, to: number): Promise<JobDiffBody>;
  /**
   * Runs a job.
   * @param input JSON as somebody typed it
   * @param once who orders the same under the same word twice orders once
   * @returns the run's id
   * @throws AppError `invalid_json` or `invalid_input` where the input is wrong, or the job can not be run
   */
  runJob(name: string, input: string, once: string): Promise<string | null>;
  pauseJob(name: string, isPaused: boolean): Promise<boolean>;
  /** @throws AppError `version_conflict` where another version than `expected` is in force */
  rollBackJob(name: string, version: number, expected: number): Promise<boolean>;
  schedulesOf(job: string): Promise<StoredScheduleBody[]>;
  /** By job and name, of one job or all. */
  listSchedules(job: string | null, cursor: string | null): Promise<ScheduleListBody>;
  getSchedule(schedule: ScheduleName): Promise<StoredScheduleBody | null>;
  /** Its next due times by its rule, also while it rests. */
  nextDue(schedule: ScheduleName, count: number): Promise<string[]>;
  /** A page of its ledger, newest first, also of one that is there no more. */
  firings(schedule: ScheduleName, query: FiringQuery): Promise<FiringListBody | null>;
  /** @returns what came of it */
  runSchedule(schedule: ScheduleName): Promise<FiringBody | null>;
  pauseSchedule(schedule: ScheduleName, isPaused: boolean): Promise<boolean>;
  /** Newest first, of one job or all. */
  alerts(job: string | null, cursor: string | null): Promise<AlertListBody>;
  /** Those of these runs that there are, by id. */
  runsById(ids: string[]): Promise<Map<string, RunSummaryBody>>;
}

/** Where jobs are kept. */

import type { Job, JobDefinition, JobVersion } from "../../core/job.ts";
import type { ScheduleSpec } from "../../core/schedule/spec.ts";
import type { NewHook } from "./hooks.ts";

/** A job with the definition that is in force. */
export interface DefinedJob {
  job: Job;
  definition: JobDefinition;
}

/** A job in a list: without what its runs are to do. */
export type JobSummary = Job & Pick<JobDefinition, "description" | "labels">;

/** A version in a list: without its definition. */
export type VersionSummary = Omit<JobVersion, "definition">;

export interface JobStore {
  /** A job, also one that was deleted; null where there never was one of the name. */
  find(orgId: string, name: string): Promise<DefinedJob | null>;
  /** The same of several names, in any order. */
  findAll(orgId: string, names: string[]): Promise<DefinedJob[]>;
  /**
   * Puts a version into force, and a deleted job back; versions past the `JOB_VERSIONS_KEPT` newest go. All or nothing.
   * @param seen the job that the version was decided for; null where there was none
   * @param schedules those that its definition has, which become the job's; see `d1/schedule-sync.ts`
   * @param hooks likewise; one that the job has already keeps its id. See `d1/hook-sync.ts`
   * @returns the job then; null where it is not any more as it was seen
   */
  put(
    orgId: string,
    name: string,
    seen: Job | null,
    next: JobVersion,
    schedules?: ScheduleSpec[],
    hooks?: NewHook[],
  ): Promise<Job | null>;
  /** Jobs by name, after one by name, at most `limit`. */
  list(orgId: string, after: string, limit: number): Promise<JobSummary[]>;
  /** Names of jobs, at most `limit`, the first in order. */
  names(orgId: string, limit: number): Promise<string[]>;
  /** Versions of a job, deleted or not, newest first, older than one, at most `limit`. */
  versions(orgId: string, name: string, before: number, limit: number): Promise<VersionSummary[]>;
  /** One of them; null where it is not kept. */
  version(orgId: string, name: string, version: number): Promise<JobVersion | null>;
  /**
   * Pauses a job with its schedules, or ends its pause with null. A pause that lasts keeps its time.
   * @param now epoch milliseconds of the call, at which schedules go on
   * @returns the job then; null where there is none
   */
  pause(orgId: string, name: string, at: number | null, now: number): Promise<Job | null>;
  /**
   * Deletes a job with its schedules and hooks; its versions and their ledgers stay.
   * @param expectedVersion the version that must be in force; null for any
   * @returns false where there is no such job, or it has another version
   */
  delete(orgId: string, name: string, at: number, expectedVersion: number | null): Promise<boolean>;
}

/** Where jobs are kept. */

import type { Job, JobDefinition, JobVersion } from "../../core/job.ts";

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
  /**
   * Puts a version into force, and a deleted job back; versions past the `JOB_VERSIONS_KEPT` newest go. All or nothing.
   * @param seen the job that the version was decided for; null where there was none
   * @returns the job then; null where it is not any more as it was seen
   */
  put(orgId: string, name: string, seen: Job | null, next: JobVersion): Promise<Job | null>;
  /** Jobs by name, after one by name, at most `limit`. */
  list(orgId: string, after: string, limit: number): Promise<JobSummary[]>;
  /** Versions of a job, deleted or not, newest first, older than one, at most `limit`. */
  versions(orgId: string, name: string, before: number, limit: number): Promise<VersionSummary[]>;
  /** One of them; null where it is not kept. */
  version(orgId: string, name: string, version: number): Promise<JobVersion | null>;
  /**
   * Pauses a job, or ends its pause with null. A pause that lasts keeps its time.
   * @returns the job then; null where there is none
   */
  pause(orgId: string, name: string, at: number | null): Promise<Job | null>;
  /**
   * Deletes a job; its versions stay.
   * @param expectedVersion the version that must be in force; null for any
   * @returns false where there is no such job, or it has another version
   */
  delete(orgId: string, name: string, at: number, expectedVersion: number | null): Promise<boolean>;
}

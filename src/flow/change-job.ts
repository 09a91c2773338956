/** Changing a job: what is wanted becomes its next version, unless it is in force already. */

import { AppError } from "../core/error.ts";
import type { Job, JobDefinition, VersionChange } from "../core/job.ts";
import { JOB_CHANGE_TRIES } from "../core/limits.ts";
import type { ScheduleSpec } from "../core/schedule/spec.ts";
import type { NewHook } from "./ports/hooks.ts";
import type { DefinedJob, JobStore } from "./ports/jobs.ts";
import type { ScheduleStore } from "./ports/schedules.ts";
import type { Clock } from "./ports.ts";
import { decideOverdue } from "./tick.ts";

export interface JobPorts {
  jobs: JobStore;
  schedules: ScheduleStore;
  clock: Clock;
}

export interface JobChange {
  orgId: string;
  name: string;
  definition: JobDefinition;
  /** Those of the definition. */
  schedules: ScheduleSpec[];
  /** Likewise, each with the id that it gets where it is new. */
  hooks: NewHook[];
  change: VersionChange;
  /** The version that the caller saw in force, 0 for no such job; null to change whatever is there. */
  expectedVersion: number | null;
  /** Whether a definition that is in force means what is wanted. */
  means(definition: JobDefinition): boolean;
}

export interface ChangedJob extends DefinedJob {
  outcome: "created" | "changed" | "unchanged";
}

/**
 * Puts a definition into force. Of those who change a job at the same time each makes a version of its own, one after the other, and who
 * expects a version changes that one or nothing.
 * @throws AppError `version_conflict`; `unavailable` where others were first again and again
 */
export async function changeJob(ports: JobPorts, change: JobChange): Promise<ChangedJob> {
  const { jobs, clock } = ports;
  const { orgId, name, definition, schedules, hooks } = change;
  for (let tries = 0; tries < JOB_CHANGE_TRIES; tries++) {
    const known = await jobs.find(orgId, name);
    const isThere = known !== null && known.job.deletedAt === null;
    expectVersion(change.expectedVersion, known?.job ?? null, name);
    if (isThere && change.means(known.definition)) return { ...known, outcome: "unchanged" };
    if (isThere) await decideOverdue(ports, orgId, name);
    const next = {
      version: (known?.job.version ?? 0) + 1,
      definition,
      change: change.change,
      createdAt: clock.now(),
    };
    const job = await jobs.put(orgId, name, known?.job ?? null, next, schedules, hooks);
    if (job !== null) return { job, definition, outcome: isThere ? "changed" : "created" };
  }
  throw new AppError("unavailable", `others change the job ${name} at the same time; try again`);
}

/** Ends a job, and its schedules and hooks with it. @returns false where there is none of the version */
export async function deleteJob(
  ports: JobPorts,
  orgId: string,
  name: string,
  expectedVersion: number | null,
): Promise<boolean> {
  await decideOverdue(ports, orgId, name);
  return ports.jobs.delete(orgId, name, ports.clock.now(), expectedVersion);
}

/** @throws AppError `version_conflict` */
export function expectVersion(expected: number | null, job: Job | null, name: string): void {
  const version = job === null || job.deletedAt !== null ? 0 : job.version;
  if (expected === null || expected === version) return;
  const found = version === 0 ? "there is no such job" : `version ${version} is in force`;
  throw new AppError(
    "version_conflict",
    `the job ${name} is not as expected: ${found}; show it and decide anew`,
    "query.expected_version",
  );
}

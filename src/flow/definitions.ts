/** Definitions: what the schedules of firings are now, and their jobs. */

import { type ScheduleKey, scheduleId } from "../core/schedule/spec.ts";
import type { DefinedJob, JobStore } from "./ports/jobs.ts";
import type { ScheduleStore, StoredSchedule } from "./ports/schedules.ts";

/** Null where it is not there any more. */
export interface Definition {
  schedule: StoredSchedule | null;
  job: DefinedJob | null;
}

/** Reads them for many firings in one query each. */
export async function definitionsOf(
  { schedules, jobs }: { schedules: Pick<ScheduleStore, "findAll">; jobs: Pick<JobStore, "findAll"> },
  keys: ScheduleKey[],
): Promise<(key: ScheduleKey) => Definition> {
  const organizations = [...new Set(keys.map(({ orgId }) => orgId))];
  const jobsOf = (orgId: string) => {
    const names = keys.filter((key) => key.orgId === orgId).map(({ job }) => job);
    return jobs.findAll(orgId, [...new Set(names)]);
  };
  const [foundSchedules, foundJobs] = await Promise.all([
    schedules.findAll(keys),
    Promise.all(organizations.map(jobsOf)),
  ]);
  const byId = new Map(foundSchedules.map((schedule) => [scheduleId(schedule), schedule]));
  const byName = new Map(foundJobs.flat().map((job) => [jobId(job.job.orgId, job.job.name), job]));
  return (key) => ({
    schedule: byId.get(scheduleId(key)) ?? null,
    job: byName.get(jobId(key.orgId, key.job)) ?? null,
  });
}

function jobId(orgId: string, job: string): string {
  return `${orgId}/${job}`;
}

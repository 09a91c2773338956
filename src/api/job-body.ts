/** Jobs in the API's words. */

import { circleOf, circleSentence } from "../core/chain/circle.ts";
import { followedNames } from "../core/chain/link.ts";
import type { HookSource } from "../core/hook/spec.ts";
import type { JobDefinition, JobVersion } from "../core/job.ts";
import type { ScheduleSpec } from "../core/schedule/spec.ts";
import type { ChangedJob } from "../flow/change-job.ts";
import type { DefinedJob, JobSummary, VersionSummary } from "../flow/ports/jobs.ts";
import { definitionNotes } from "./job-definition.ts";
import type { ChangedJobBody, JobBody, JobListBody, JobVersionBody, VersionListBody } from "./job-schema.ts";
import { rfc3339, timeOrNull } from "./run-body.ts";

/** A job in a list. */
export function listedJob(job: JobSummary): JobListBody["jobs"][number] {
  return { ...jobSummary(job), ...startedBy(job) };
}

/** What starts a job but for schedules and callers. */
function startedBy(job: JobSummary): Pick<JobListBody["jobs"][number], "starts_after" | "hooks"> {
  return {
    starts_after: followedNames(job),
    hooks: (job.hooks ?? []).map((hook) => {
      const { source, name = source, events = null } = hook as unknown as ListedHook;
      return { name, source, events };
    }),
  };
}

/** What of a hook's definition is listed. */
interface ListedHook {
  name?: string;
  source: HookSource;
  events?: string[];
}

export function jobSummary(job: JobSummary): Omit<JobListBody["jobs"][number], "starts_after" | "hooks"> {
  return {
    name: job.name,
    version: job.version,
    paused_at: timeOrNull(job.pausedAt),
    created_at: rfc3339(job.createdAt),
    updated_at: rfc3339(job.updatedAt),
    description: job.description ?? null,
    labels: job.labels ?? {},
  };
}

export function jobBody({ job, definition }: DefinedJob): JobBody {
  return { ...jobSummary({ ...job, ...definition }), ...whatRuns(definition) };
}

/**
 * @param schedules of the definition that was put
 * @param nowMs when it is answered
 * @param others the jobs that there are of those after which it starts, and of those before them
 */
export function changedJobBody(
  changed: ChangedJob,
  schedules: readonly ScheduleSpec[],
  nowMs: number,
  others: DefinedJob[],
): ChangedJobBody {
  const notes = [
    ...definitionNotes(schedules, nowMs),
    ...linkNotes(changed.definition, others),
    ...circleNotes(changed, others),
  ];
  return {
    ...jobBody(changed),
    outcome: changed.outcome,
    notes: notes.map(({ path, message }) => ({ path: path.join("."), message })),
  };
}

/** A job can be put before those that it starts after. */
function linkNotes({ on = [] }: JobDefinition, others: DefinedJob[]) {
  const isThere = (name: string) => others.some(({ job }) => job.name === name && job.deletedAt === null);
  return on.flatMap(({ job }, index) =>
    isThere(job)
      ? []
      : [
          {
            path: ["on", index, "job"],
            message: `there is no job ${job} yet: nothing starts this one after it`,
          },
        ],
  );
}

/** A circle can be meant, and is bounded as every chain is. */
function circleNotes({ job: { name }, definition }: ChangedJob, others: DefinedJob[]) {
  const before = new Map(others.map((other) => [other.job.name, followedNames(other.definition)]));
  before.set(name, followedNames(definition));
  const circle = circleOf(name, (job) => before.get(job) ?? []);
  if (circle === null) return [];
  const index = definition.on?.findIndex(({ job }) => job === circle.at(-2)) ?? 0;
  return [{ path: ["on", index, "job"], message: circleSentence(circle) }];
}

export function versionSummary({
  version,
  change,
  createdAt,
}: VersionSummary): VersionListBody["versions"][number] {
  return {
    version,
    change: change.kind,
    rolled_back_to: change.kind === "rollback" ? change.to : null,
    created_at: rfc3339(createdAt),
  };
}

export function versionBody(version: JobVersion): JobVersionBody {
  const { definition } = version;
  return {
    ...versionSummary(version),
    description: definition.description ?? null,
    labels: definition.labels ?? {},
    ...whatRuns(definition),
  };
}

function whatRuns({ run, input_schema, schedules, hooks, on, expect_every }: JobDefinition) {
  return {
    run,
    input_schema: input_schema ?? null,
    schedules: schedules ?? [],
    hooks: hooks ?? [],
    on: (on ?? []).map((link) => ({ ...link })),
    expect_every: expect_every ?? null,
  };
}

/** What the pages of jobs and schedules need, from what the API has. */

import { checked } from "../api/checked.ts";
import { refused } from "../api/errors.ts";
import { firePortsOf } from "../api/fired-order.ts";
import { firingCursor, placeOfCursor } from "../api/firing-cursor.ts";
import { versionBody } from "../api/job-body.ts";
import { parseJson } from "../api/json-body.ts";
import { order } from "../api/order.ts";
import type { ApiPorts } from "../api/ports.ts";
import { pageOfAlerts } from "../api/routes/alerts.ts";
import { loadVersion } from "../api/routes/jobs/answers.ts";
import { jobDiff } from "../api/routes/jobs/diff.ts";
import { pageOfJobs } from "../api/routes/jobs/list.ts";
import { pauseJob } from "../api/routes/jobs/pause.ts";
import { rollBack } from "../api/routes/jobs/rollback.ts";
import { orderedJobRun } from "../api/routes/jobs/run.ts";
import { shownJob } from "../api/routes/jobs/show.ts";
import { pageOfVersions } from "../api/routes/jobs/versions.ts";
import { pageOfRuns } from "../api/routes/list.ts";
import { loadSchedule, shownSchedule } from "../api/routes/schedules/answers.ts";
import { pageOfFirings } from "../api/routes/schedules/firings.ts";
import { pageOfSchedules } from "../api/routes/schedules/list.ts";
import { pauseSchedule } from "../api/routes/schedules/pause.ts";
import { rfc3339, runSummary } from "../api/run-body.ts";
import { firingBody } from "../api/schedule-body.ts";
import { textComplaints } from "../api/text-complaints.ts";
import { AppError } from "../core/error.ts";
import { LIST_LIMIT_MAX, PAGE_FIRINGS_MAX, PAGE_JOBS_MAX } from "../core/limits.ts";
import { dueTimes, nextDue } from "../core/schedule/due.ts";
import type { JobPorts, ListedJob } from "../dashboard/job-ports.ts";
import { runNow } from "../flow/fire-by-hand.ts";
import type { StoredSchedule } from "../flow/ports/schedules.ts";
import { sha256 } from "../flow/sha256.ts";
import { isDone, orNull } from "./or-null.ts";

export function jobPagePorts(ports: ApiPorts): JobPorts {
  const { store, jobs, schedules, clock, orgId } = ports;
  return {
    async listJobs(cursor) {
      const page = await pageOfJobs(ports, { cursor: cursor ?? undefined, limit: PAGE_JOBS_MAX });
      const names = page.jobs.map(({ name }) => name);
      const [byJob, lastRuns] = await Promise.all([
        schedulesOfJobs(ports, names),
        Promise.all(names.map((job) => pageOfRuns(ports, { job, limit: 1 }))),
      ]);
      const listed = page.jobs.map(
        (job, index): ListedJob => ({
          ...job,
          ...comingUp(byJob.get(job.name) ?? [], clock.now()),
          last_run: lastRuns[index]?.runs[0] ?? null,
        }),
      );
      return { jobs: listed, next_cursor: page.next_cursor };
    },
    getJob: (name) => orNull(shownJob(ports, name)),
    jobVersions: (name, before, limit) =>
      orNull(pageOfVersions(ports, name, { cursor: before ?? undefined, limit })),
    async jobVersion(name, version) {
      const found = await orNull(loadVersion(jobs, orgId, name, version, "path.version"));
      return found && versionBody(found);
    },
    jobDiff: (name, from, to) => jobDiff(ports, name, from, to),
    async runJob(name, input, once) {
      const { pausedAt: _, ...ordered } = await orderedJobRun(ports, name, typedInput(input), {});
      const key = `page: run ${name} ${once} ${await sha256(new TextEncoder().encode(input))}`;
      const bodyHash = await sha256(new TextEncoder().encode(key));
      const submitted = await orNull(order(ports, { ...ordered, key: { key, bodyHash } }));
      return submitted?.state.run.id ?? null;
    },
    pauseJob: (name, isPaused) => isDone(pauseJob(ports, name, isPaused)),
    rollBackJob: (name, version, expected) => isDone(rollBack(ports, name, version, expected)),
    async schedulesOf(job) {
      const found = await schedules.ofJob(orgId, job);
      return Promise.all(found.map((schedule) => shownSchedule(ports, schedule)));
    },
    listSchedules: (job, cursor) =>
      pageOfSchedules(ports, { job: job ?? undefined, cursor: cursor ?? undefined, limit: PAGE_JOBS_MAX }),
    getSchedule: (key) => orNull(loadSchedule(ports, key).then((schedule) => shownSchedule(ports, schedule))),
    async nextDue(key, count) {
      const schedule = await schedules.find({ orgId, ...key });
      if (schedule === null) return [];
      return dueTimes(schedule.spec, clock.now(), Number.MAX_SAFE_INTEGER, count).map(rfc3339);
    },
    firings: async (key, { outcome, cursor }) => {
      const before = cursor === null ? null : placeOfCursor(checked(firingCursor, cursor, "query.cursor"));
      return orNull(pageOfFirings(ports, key, { outcome, before, limit: PAGE_FIRINGS_MAX }));
    },
    async runSchedule(key) {
      const schedule = await schedules.find({ orgId, ...key });
      return schedule && firingBody(await runNow(firePortsOf(ports), schedule));
    },
    pauseSchedule: (key, isPaused) => isDone(pauseSchedule(ports, key, isPaused)),
    alerts(job, cursor) {
      if (cursor !== null && !/^[1-9]\d{0,14}$/.test(cursor))
        throw new AppError("invalid_input", "cursor must be the number of an alert", "query.cursor");
      const beforeSeq = cursor === null ? null : Number(cursor);
      return pageOfAlerts(ports, { job, type: null, sinceMs: null, beforeSeq, limit: PAGE_FIRINGS_MAX });
    },
    async runsById(ids) {
      const found = ids.length === 0 ? [] : await store.summaries(orgId, ids);
      return new Map(found.map((run) => [run.id, runSummary(run)]));
    },
  };
}

/** The schedules of jobs that follow one another by name, of each its own. */
async function schedulesOfJobs(
  { schedules, orgId }: ApiPorts,
  names: string[],
): Promise<Map<string, StoredSchedule[]>> {
  const [first, last] = [names[0], names.at(-1)];
  const byJob = new Map<string, StoredSchedule[]>();
  let after = first === undefined ? null : { job: first, name: "" };
  while (after !== null && last !== undefined) {
    const page: StoredSchedule[] = await schedules.list(orgId, after, LIST_LIMIT_MAX);
    for (const schedule of page) byJob.set(schedule.job, [...(byJob.get(schedule.job) ?? []), schedule]);
    const end = page.at(-1);
    after = end === undefined || page.length < LIST_LIMIT_MAX || end.job > last ? null : end;
  }
  return byJob;
}

function comingUp(schedules: StoredSchedule[], nowMs: number) {
  const awake = schedules.filter(({ pausedBy }) => pausedBy.length === 0);
  const times = awake.flatMap(({ spec }) => nextDue(spec, nowMs) ?? []);
  return {
    schedules: schedules.length,
    resting: schedules.length - awake.length,
    is_started_by_fly: awake.some(({ spec }) => spec.rule.kind === "fly"),
    next_due_at: times.length === 0 ? null : rfc3339(Math.min(...times)),
  };
}

/** JSON as somebody typed it; nothing is an empty object. */
function typedInput(text: string): unknown {
  try {
    const input = text.trim() === "" ? {} : parseJson(new TextEncoder().encode(text).buffer as ArrayBuffer);
    const complaints = textComplaints(input);
    if (complaints.length === 0) return input;
    throw refused(complaints, null);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const path = error.path === null ? "input" : `input.${error.path}`;
    throw new AppError(error.code, error.message.replace("the body is", "it is"), path);
  }
}

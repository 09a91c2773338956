/** The ports of the pages of jobs and schedules in memory. */

import type { AlertBody } from "../../src/api/alert-schema.ts";
import type { FiringBody, StoredScheduleBody } from "../../src/api/firing-schema.ts";
import type { JobVersionBody, ShownJobBody } from "../../src/api/job-schema.ts";
import type { RunBody } from "../../src/api/run-schema.ts";
import { AppError } from "../../src/core/error.ts";
import { diffDefinitions, type JobDefinition } from "../../src/core/job.ts";
import { PAGE_FIRINGS_MAX, PAGE_JOBS_MAX } from "../../src/core/limits.ts";
import type { JobPorts, ListedJob, ScheduleName } from "../../src/dashboard/job-ports.ts";
import { aFiring } from "./job-factory.ts";
import { NOW, summaryOf } from "./run-factory.ts";

/** What the ports know; a test changes it at will. */
export interface JobsInMemory {
  jobs: ShownJobBody[];
  versions: JobVersionBody[];
  schedules: StoredScheduleBody[];
  /** By "job/schedule", newest first; also of schedules that are there no more. */
  ledgers: Record<string, FiringBody[]>;
  alerts: AlertBody[];
  /** Why the next run of a job is refused. */
  refusal: AppError | null;
}

export const noJobs = (): JobsInMemory => ({
  jobs: [],
  versions: [],
  schedules: [],
  ledgers: {},
  alerts: [],
  refusal: null,
});

export function memoryJobPorts(known: JobsInMemory, runs: Map<string, RunBody>, calls: string[]): JobPorts {
  const nameOf = ({ job, name }: ScheduleName): string => `${job}/${name}`;
  const find = (key: ScheduleName) => known.schedules.find((each) => nameOf(each) === nameOf(key)) ?? null;
  const job = (name: string) => known.jobs.find((each) => each.name === name) ?? null;
  return {
    async listJobs(cursor) {
      const from = known.jobs.filter(({ name }) => cursor === null || name > cursor);
      const page = from.slice(0, PAGE_JOBS_MAX).map((each) => {
        const own = known.schedules.filter((schedule) => schedule.job === each.name);
        const last = [...runs.values()].find((run) => run.job?.name === each.name);
        return {
          ...each,
          starts_after: each.on.map((link) => String(link.job)),
          hooks: each.hooks.map(
            ({ source, events = null }) => ({ name: "hook", source, events }) as ListedJob["hooks"][number],
          ),
          schedules: own.length,
          resting: own.filter(({ paused_by }) => paused_by.length > 0).length,
          is_started_by_fly: own.some(({ fly, paused_by }) => fly !== null && paused_by.length === 0),
          next_due_at: own.map(({ next_due_at }) => next_due_at).find((next) => next !== null) ?? null,
          last_run: last === undefined ? null : summaryOf(last),
        };
      });
      return { jobs: page, next_cursor: from.length > page.length ? (page.at(-1)?.name ?? null) : null };
    },
    getJob: async (name) => job(name),
    async jobVersions(name, before, limit = 50) {
      if (job(name) === null) return null;
      const found = known.versions.filter(({ version }) => before === null || version < before);
      const last = found[limit - 1];
      return {
        versions: found.slice(0, limit),
        next_cursor: found.length > limit && last ? String(last.version) : null,
      };
    },
    jobVersion: async (_, version) => known.versions.find((each) => each.version === version) ?? null,
    async jobDiff(_, from, to) {
      const [a, b] = [from, to].map((version) => known.versions.find((each) => each.version === version));
      if (!a || !b) throw new AppError("not_found", "there is no such version", "query.from");
      const definition = ({ run }: JobVersionBody): JobDefinition => ({ run });
      const { changes, isWhole } = diffDefinitions(definition(a), definition(b));
      const told = changes.map((change) => ({ ...change, path: change.path.join(".") }));
      return { from, to, changes: told, is_whole: isWhole };
    },
    async runJob(name, input, once) {
      calls.push(`run ${name} ${input} ${once}`);
      if (known.refusal !== null) throw known.refusal;
      return job(name) === null ? null : ([...runs.keys()][0] ?? null);
    },
    async pauseJob(name, isPaused) {
      calls.push(`pause ${name} ${isPaused}`);
      const found = job(name);
      if (found) found.paused_at = isPaused ? new Date(NOW).toISOString() : null;
      return found !== null;
    },
    async rollBackJob(name, version, expected) {
      calls.push(`rollback ${name} ${version} from ${expected}`);
      const found = job(name);
      if (found !== null && found.version !== expected)
        throw new AppError("version_conflict", `version ${found.version} of ${name} is in force`);
      return found !== null;
    },
    schedulesOf: async (name) => known.schedules.filter((schedule) => schedule.job === name),
    async listSchedules(of, cursor) {
      const from = known.schedules.filter(
        (each) => (of === null || each.job === of) && (cursor === null || nameOf(each) > cursor),
      );
      const page = from.slice(0, PAGE_JOBS_MAX);
      const last = from.length > page.length ? page.at(-1) : undefined;
      return { schedules: page, next_cursor: last === undefined ? null : nameOf(last) };
    },
    getSchedule: async (key) => find(key),
    nextDue: async (key) =>
      find(key) === null ? [] : ["2026-11-22T01:30:00.000Z", "2026-11-23T01:30:00.000Z"],
    async firings(key, { outcome, cursor }) {
      const ledger = known.ledgers[nameOf(key)];
      if (ledger === undefined && find(key) === null) return null;
      const found = (ledger ?? []).filter(
        (firing) =>
          (outcome === null || firing.outcome === outcome) && (cursor === null || firing.due_at < cursor),
      );
      const page = found.slice(0, PAGE_FIRINGS_MAX);
      return {
        firings: page,
        next_cursor: found.length > page.length ? (page.at(-1)?.due_at ?? null) : null,
      };
    },
    async runSchedule(key) {
      calls.push(`run ${nameOf(key)}`);
      return find(key) === null ? null : aFiring({ trigger: "run_now", due_at: new Date(NOW).toISOString() });
    },
    async pauseSchedule(key, isPaused) {
      calls.push(`pause ${nameOf(key)} ${isPaused}`);
      const found = find(key);
      if (found) found.paused_by = isPaused ? ["hand"] : [];
      return found !== null;
    },
    async alerts(of) {
      return { alerts: known.alerts.filter((alert) => of === null || alert.job === of), next_cursor: null };
    },
    async runsById(ids) {
      const found = ids.flatMap((id) => runs.get(id) ?? []);
      return new Map(found.map((run) => [run.id, summaryOf(run)]));
    },
  };
}

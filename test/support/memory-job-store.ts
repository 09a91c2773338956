/** The store of jobs in memory, for tests that move the clock. It keeps the contract in `test/contracts/job-store-contract.ts`. */

import { watchesOf } from "../../src/core/alert/alert.ts";
import type { Job, JobVersion } from "../../src/core/job.ts";
import { JOB_VERSIONS_KEPT } from "../../src/core/limits.ts";
import type { JobStore } from "../../src/flow/ports/jobs.ts";
import type { MemoryAlertStore } from "./memory-alert-store.ts";
import type { MemoryHookStore } from "./memory-hook-store.ts";
import { MemoryScheduleStore } from "./memory-schedule-store.ts";

interface Stored {
  job: Job;
  /** Oldest first. */
  versions: JobVersion[];
}

/**
 * @param schedules where the schedules of jobs are kept
 * @param alerts where what is watched of jobs is kept; left out, nothing is
 * @param hooks likewise
 */
export function memoryJobStore(
  schedules = new MemoryScheduleStore(),
  alerts?: MemoryAlertStore,
  hooks?: MemoryHookStore,
): JobStore {
  const stored = new Map<string, Stored>();
  const of = (orgId: string, name: string) => stored.get(`${orgId}/${name}`);
  const present = (orgId: string, name: string) => {
    const known = of(orgId, name);
    return known?.job.deletedAt === null ? known : undefined;
  };
  schedules.isInForce = (orgId, { name, version }) => present(orgId, name)?.job.version === version;
  const inForce = ({ job, versions }: Stored) => {
    const version = versions.find((each) => each.version === job.version);
    if (version === undefined) throw new Error(`version ${job.version} of ${job.name} is not stored`);
    return version;
  };
  if (hooks)
    hooks.jobOf = async (orgId, name) => {
      const known = present(orgId, name);
      return known ? { job: known.job, definition: inForce(known).definition } : null;
    };
  return {
    async find(orgId, name) {
      const known = of(orgId, name);
      return known ? { job: known.job, definition: inForce(known).definition } : null;
    },
    async findAll(orgId, names) {
      const found = names.flatMap((name) => of(orgId, name) ?? []);
      return found.map((known) => ({ job: known.job, definition: inForce(known).definition }));
    },
    async put(orgId, name, seen, next, wanted = [], wantedHooks = []) {
      const known = of(orgId, name);
      const [is, was] = [known?.job, seen ?? undefined];
      if (is?.version !== was?.version || is?.deletedAt !== was?.deletedAt) return null;
      const job: Job = {
        orgId,
        name,
        pausedAt: is?.pausedAt ?? null,
        createdAt: is?.createdAt ?? next.createdAt,
        version: next.version,
        deletedAt: null,
        updatedAt: next.createdAt,
      };
      const versions = [...(known?.versions ?? []), next].slice(-JOB_VERSIONS_KEPT);
      stored.set(`${orgId}/${name}`, { job, versions });
      schedules.sync(orgId, name, wanted, next.createdAt, job.pausedAt !== null);
      const watched = watchesOf(next.definition, wanted);
      alerts?.sync(orgId, name, watched, next.createdAt, job.pausedAt !== null);
      hooks?.sync(orgId, name, wantedHooks, next.createdAt);
      return job;
    },
    async list(orgId, after, limit) {
      return [...stored.values()]
        .filter(({ job }) => job.orgId === orgId && job.deletedAt === null && job.name > after)
        .sort((a, b) => (a.job.name < b.job.name ? -1 : 1))
        .slice(0, limit)
        .map((known) => {
          const { description, labels } = inForce(known).definition;
          return {
            ...known.job,
            ...(description !== undefined && { description }),
            ...(labels && { labels }),
          };
        });
    },
    async names(orgId, limit) {
      const isThere = ({ job }: { job: { orgId: string; deletedAt: number | null } }) =>
        job.orgId === orgId && job.deletedAt === null;
      const names = [...stored.values()].filter(isThere).map(({ job }) => job.name);
      return names.sort().slice(0, limit);
    },
    async versions(orgId, name, before, limit) {
      const versions = of(orgId, name)?.versions ?? [];
      return versions
        .filter(({ version }) => version < before)
        .toReversed()
        .slice(0, limit)
        .map(({ definition: _definition, ...summary }) => summary);
    },
    async version(orgId, name, version) {
      return of(orgId, name)?.versions.find((each) => each.version === version) ?? null;
    },
    async pause(orgId, name, at, now) {
      const known = present(orgId, name);
      if (!known) return null;
      known.job = { ...known.job, pausedAt: at === null ? null : (known.job.pausedAt ?? at) };
      schedules.pauseJob(orgId, name, now, at !== null);
      alerts?.pauseJob(orgId, name, now, at !== null);
      return known.job;
    },
    async delete(orgId, name, at, expectedVersion) {
      const known = present(orgId, name);
      if (!known || (expectedVersion !== null && known.job.version !== expectedVersion)) return false;
      known.job = { ...known.job, deletedAt: at, pausedAt: null };
      schedules.sync(orgId, name, [], at, false);
      alerts?.sync(orgId, name, [], at, false);
      hooks?.sync(orgId, name, [], at);
      return true;
    },
  };
}

/** The store of alerts in memory, for tests that move the clock. It keeps the contract in `test/contracts/alert-store-contract.ts`. */

import type { Looked, WatchWish } from "../../src/core/alert/alert.ts";
import type { WatchedFiring } from "../../src/core/alert/lateness.ts";
import { HEARD_SCAN_RUNS } from "../../src/core/limits.ts";
import { scheduleId } from "../../src/core/schedule/spec.ts";
import type { Alert, AlertFilter, AlertStore, Watched } from "../../src/flow/ports/alerts.ts";
import type { MemoryScheduleStore } from "./memory-schedule-store.ts";
import type { MemoryStore } from "./memory-store.ts";

interface Watch extends WatchWish {
  orgId: string;
  job: string;
  fromAt: number;
  lookAt: number | null;
  lookedAt: number;
}

export class MemoryAlertStore implements AlertStore {
  readonly alerts: (Alert & { orgId: string })[] = [];
  #lastSeq = 0;
  readonly #watches = new Map<string, Watch>();
  readonly #pausedJobs = new Set<string>();
  readonly #schedules: MemoryScheduleStore;
  readonly #runs: MemoryStore;

  constructor(schedules: MemoryScheduleStore, runs: MemoryStore) {
    this.#schedules = schedules;
    this.#runs = runs;
  }

  async due(nowMs: number, lookedAfterMs: number, limit: number) {
    return [...this.#watches.values()]
      .filter(({ lookAt, lookedAt }) => (lookAt !== null && lookAt <= nowMs) || lookedAt > lookedAfterMs)
      .sort((a, b) => (a.lookAt ?? 0) - (b.lookAt ?? 0))
      .slice(0, limit)
      .map((watch) => this.#watched(watch));
  }

  async heardAt(jobs: { orgId: string; job: string }[]) {
    return jobs.map(({ orgId, job }) => {
      const times = this.#runsOf(orgId, job)
        .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, HEARD_SCAN_RUNS)
        .flatMap(({ status, settledAt }) => (status === "succeeded" && settledAt !== null ? settledAt : []));
      return times.length === 0 ? null : Math.max(...times);
    });
  }

  async firings(...[stretches, limit]: Parameters<AlertStore["firings"]>) {
    return stretches
      .flatMap(({ orgId, job, schedule, after, through }, stretch) =>
        this.#schedules
          .of({ orgId, job, name: schedule })
          .filter(({ dueAt }) => dueAt > after && dueAt <= through)
          .map(({ dueAt, outcome, trigger, count, runId, why }): WatchedFiring & { stretch: number } => {
            const startedAt = this.#startOf(runId);
            return { stretch, dueAt, outcome, trigger, count, runId, why, startedAt };
          }),
      )
      .slice(0, limit);
  }

  async record(steps: { watched: Watched; looked: Looked }[], at: number) {
    for (const { watched, looked } of steps) {
      const { orgId, job } = watched;
      const schedule = watched.kind === "job" ? "" : watched.schedule;
      const watch = this.#watches.get(keyOf(orgId, job, schedule));
      const isAsSeen =
        watch?.limitMs === watched.limitMs &&
        watch.fromAt === watched.fromAt &&
        watch.lookedAt === watched.lookedAt;
      if (!watch || !isAsSeen) continue;
      for (const alert of looked.alerts) {
        const row = {
          ...alert,
          orgId,
          job,
          schedule: schedule || null,
          hook: null,
          webhook: null,
          at,
          seq: this.#lastSeq + 1,
        };
        if (this.alerts.some((known) => alertKey(known) === alertKey(row))) continue;
        this.alerts.push(row);
        this.#lastSeq = row.seq;
      }
      this.#watches.set(keyOf(orgId, job, schedule), {
        ...watch,
        fromAt: looked.fromAt,
        lookAt: looked.lookAt,
        lookedAt: at,
      });
    }
  }

  async list(orgId: string, { job, type, sinceMs, beforeSeq, limit }: AlertFilter) {
    return this.#of(orgId)
      .filter(
        (alert) =>
          (job === null || alert.job === job) &&
          (type === null || alert.type === type) &&
          (sinceMs === null || alert.at >= sinceMs) &&
          (beforeSeq === null || alert.seq < beforeSeq),
      )
      .slice(0, limit);
  }

  async last(orgId: string, job: string, schedule?: string) {
    const all = this.#of(orgId).filter((alert) => alert.job === job);
    if (schedule === undefined) return all[0] ?? null;
    const own = all.filter((alert) => alert.schedule === schedule).sort((a, b) => b.dueAt - a.dueAt);
    return own[0] ?? null;
  }

  async forget(beforeMs: number, limit: number) {
    const young = this.alerts.findIndex(({ at }) => at >= beforeMs);
    const old = (young === -1 ? this.alerts : this.alerts.slice(0, young))
      .filter(({ orgId, job, schedule, dueAt }) => {
        const watch = this.#watches.get(keyOf(orgId, job ?? "", schedule ?? ""));
        return watch === undefined || watch.fromAt >= dueAt;
      })
      .slice(0, limit);
    for (const alert of old) this.alerts.splice(this.alerts.indexOf(alert), 1);
    return old.length;
  }

  /** What the store of jobs does when a job is changed. */
  sync(orgId: string, job: string, wanted: WatchWish[], at: number, isJobPaused: boolean): void {
    this.#setPaused(orgId, job, isJobPaused);
    for (const watch of this.#watches.values())
      if (
        watch.orgId === orgId &&
        watch.job === job &&
        !wanted.some((one) => one.schedule === watch.schedule)
      )
        this.#watches.delete(keyOf(orgId, job, watch.schedule));
    for (const { schedule, limitMs } of wanted) {
      const key = keyOf(orgId, job, schedule);
      const fromAt = this.#watches.get(key)?.fromAt ?? at;
      this.#watches.set(key, { orgId, job, schedule, limitMs, fromAt, lookAt: at, lookedAt: at });
    }
  }

  pauseJob(orgId: string, job: string, at: number, isPaused: boolean): void {
    const key = keyOf(orgId, job, "");
    const watch = this.#watches.get(key);
    const ends = !isPaused && this.#pausedJobs.has(keyOf(orgId, job, ""));
    if (watch && ends) this.#watches.set(key, { ...watch, fromAt: at, lookAt: at });
    this.#setPaused(orgId, job, isPaused);
  }

  #setPaused(orgId: string, job: string, isPaused: boolean): void {
    if (isPaused) this.#pausedJobs.add(keyOf(orgId, job, ""));
    else this.#pausedJobs.delete(keyOf(orgId, job, ""));
  }

  #watched({ orgId, job, schedule, limitMs, fromAt, lookedAt }: Watch): Watched {
    const shared = { orgId, job, limitMs, fromAt, lookedAt };
    const stored = this.#schedules.schedules.get(scheduleId({ orgId, job, name: schedule }));
    if (stored === undefined)
      return { ...shared, kind: "job", isPaused: this.#pausedJobs.has(keyOf(orgId, job, "")) };
    return { ...shared, kind: "schedule", schedule, timing: stored.spec, place: stored.place };
  }

  #runsOf(orgId: string, job: string) {
    return [...this.#runs.runs.values()]
      .map(({ state }) => state.run)
      .filter((run) => run.orgId === orgId && run.job?.name === job);
  }

  #startOf(runId: string | null): number | null {
    const attempts = (runId !== null && this.#runs.runs.get(runId)?.state.attempts) || [];
    const starts = attempts.flatMap(({ startedAt }) => startedAt ?? []);
    return starts.length === 0 ? null : Math.min(...starts);
  }

  /** Newest first, as they are told. */
  #of(orgId: string): Alert[] {
    return this.alerts
      .filter((alert) => alert.orgId === orgId)
      .map(({ orgId: _orgId, ...alert }) => alert)
      .toReversed();
  }
}

function keyOf(orgId: string, job: string, schedule: string): string {
  return `${orgId}/${job}/${schedule}`;
}

function alertKey({ orgId, type, job, schedule, dueAt }: Alert & { orgId: string }): string {
  return [orgId, type, job, schedule, dueAt].join("/");
}

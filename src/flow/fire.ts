/** Fire: armed firings whose time has come become runs, each once, or are recorded as what else they came to. */

import { AppError } from "../core/error.ts";
import type { RunJob } from "../core/job.ts";
import { SCHEDULE_GRACE_MS, TIMEKEEPER_AT_ONCE, TIMEKEEPER_BATCH_FIRINGS } from "../core/limits.ts";
import type { RunSpec } from "../core/run-spec.ts";
import { overlapOfCatchUp, type RunFiring } from "../core/schedule/firing.ts";
import type { Overlap } from "../core/schedule/schedule.ts";
import { type ScheduleKey, scheduleId, scheduleOf } from "../core/schedule/spec.ts";
import { startArmed } from "../core/schedule/start.ts";
import type { DefinedJob, JobStore } from "./ports/jobs.ts";
import type { ArmedRow, ScheduleStore, StoredSchedule } from "./ports/schedules.ts";
import { type SubmitPorts, submitFired } from "./submit.ts";

export interface FirePorts extends SubmitPorts {
  schedules: ScheduleStore;
  jobs: JobStore;
  /**
   * What a run of a job is to do.
   * @throws AppError where it can not be run as it is: a secret that it names is not there any more
   */
  orderOf(job: DefinedJob, input: string): Promise<{ spec: RunSpec; job: RunJob }>;
}

export interface FireReport {
  /** When the next firing of the shard is to start, in epoch milliseconds; null where there is none. */
  nextAt: number | null;
  /** What kept firings from being started; they stay armed. */
  problems: string[];
}

/** Starts those firings of a shard that are to start by now, as many as one call may. */
export async function fireShard(ports: FirePorts, shard: number): Promise<FireReport> {
  const { schedules, clock } = ports;
  const armed = await schedules.armed(shard, clock.now(), TIMEKEEPER_BATCH_FIRINGS);
  const bySchedule = new Map<string, ArmedRow[]>();
  for (const row of armed) bySchedule.set(scheduleId(row), [...(bySchedule.get(scheduleId(row)) ?? []), row]);
  const problems: string[] = [];
  let aheadAt = Number.POSITIVE_INFINITY;
  await eachOf([...bySchedule.values()], TIMEKEEPER_AT_ONCE, async (rows) => {
    const [first] = rows;
    if (first === undefined) return;
    await fireSchedule(ports, first, rows)
      .then((startsAt) => {
        aheadAt = Math.min(aheadAt, startsAt);
      })
      .catch((error) => problems.push(told(first, error)));
  });
  if (armed.length === TIMEKEEPER_BATCH_FIRINGS) return { nextAt: clock.now(), problems };
  // A due time that was given ahead can be given back, and is decided anew then.
  const nextAt = Math.min(aheadAt, (await schedules.armedAt())[shard] ?? aheadAt);
  return { nextAt: Number.isFinite(nextAt) ? nextAt : null, problems };
}

/**
 * Starts armed firings of one schedule, oldest first.
 * @returns when the first of those that were accepted ahead is to start; infinity where there is none
 */
export async function fireSchedule(ports: FirePorts, key: ScheduleKey, armed: ArmedRow[]): Promise<number> {
  const { schedules, jobs, clock } = ports;
  const [schedule, job] = await Promise.all([schedules.find(key), jobs.find(key.orgId, key.job)]);
  if (schedule === null || job === null || job.job.deletedAt !== null) {
    const why = "the schedule is not there any more";
    const ends = armed.map(({ dueAt }) => ({ dueAt, outcome: "missed" as const, why }));
    await schedules.finish(key, ends, clock.now());
    return Number.POSITIVE_INFINITY;
  }
  const fire = fireOne(ports, schedule, job);
  for (const { dueAt } of armed.filter(({ trigger }) => trigger === "backfill"))
    await fire(dueAt, true, overlapOfCatchUp(schedule.spec.overlap));
  for (const { dueAt } of armed.filter(({ trigger }) => trigger === "run_now"))
    await fire(dueAt, false, schedule.spec.overlap);
  const ruled = await allThatAreLate(ports, schedule, armed);
  const pausedAt = schedule.place.resumedAt === null ? schedule.place.pausedAt : null;
  let aheadAt = Number.POSITIVE_INFINITY;
  for (const started of startArmed(scheduleOf(schedule, schedule.spec), ruled, pausedAt, clock.now())) {
    const { dueAt } = started;
    switch (started.outcome) {
      case "missed":
      case "paused":
        await schedules.finish(key, [{ dueAt, outcome: started.outcome, why: null }], clock.now());
        break;
      case "ran":
      case "caught_up": {
        const isCaughtUp = started.outcome === "caught_up";
        await fire(dueAt, isCaughtUp, overlapOf(schedule, isCaughtUp));
        break;
      }
      default: {
        const { startsAt, outcome } = started;
        const isAhead = outcome === "ahead" && (await fireAhead(ports, schedule, job, dueAt, startsAt));
        if (isAhead) aheadAt = Math.min(aheadAt, startsAt);
        else await schedules.putOff(key, dueAt, startsAt);
      }
    }
  }
  return aheadAt;
}

/**
 * Accepts the run of a due time that is yet to come, so that its Machine is made by then. Where anything is in its way, as the previous run
 * that is still at work, that is for the time itself to decide.
 */
async function fireAhead(
  ports: FirePorts,
  schedule: StoredSchedule,
  job: DefinedJob,
  dueAt: number,
  startsAt: number,
): Promise<boolean> {
  const { orgId, name, revision, spec } = schedule;
  const ahead = { startsAt, revision };
  const firing: RunFiring = { schedule: name, dueAt, overlap: spec.overlap, isCaughtUp: false, ahead };
  try {
    const order = await ports.orderOf(job, spec.input);
    // A time of the run's own counts from the due time, and is not met by the second.
    if (order.spec.delayMs > 0 || order.spec.runAt !== null) return false;
    const fired = await submitFired(ports, { orgId, ...order }, firing, ports.clock.now());
    return fired.kind !== "skipped";
  } catch (error) {
    if (error instanceof AppError && error.code === "invalid_input") return false;
    throw error;
  }
}

/** Of those that nobody came for in time, which one is the latest can only be told of all. */
async function allThatAreLate(
  { schedules, clock }: FirePorts,
  key: ScheduleKey,
  armed: ArmedRow[],
): Promise<ArmedRow[]> {
  const ruled = armed.filter(({ trigger }) => trigger === "rule");
  const now = clock.now();
  const isLate = ruled.some(({ startAt }) => startAt + SCHEDULE_GRACE_MS < now);
  if (!isLate) return ruled;
  const from = Math.min(...ruled.map(({ dueAt }) => dueAt));
  return (await schedules.armedOf(key, from, now)).filter(({ trigger }) => trigger === "rule");
}

/** Where all that was missed is wanted, what is caught up does not skip itself. */
function overlapOf({ spec }: StoredSchedule, isCaughtUp: boolean): Overlap {
  return isCaughtUp && spec.catchUp.mode === "all" ? overlapOfCatchUp(spec.overlap) : spec.overlap;
}

function fireOne(ports: FirePorts, schedule: StoredSchedule, job: DefinedJob) {
  const { schedules, clock } = ports;
  let lastIdMs = 0;
  return async (dueAt: number, isCaughtUp: boolean, overlap: Overlap): Promise<void> => {
    // Runs of one moment stand in line by their ids.
    lastIdMs = Math.max(clock.now(), lastIdMs + 1);
    const firing: RunFiring = { schedule: schedule.name, dueAt, overlap, isCaughtUp };
    const finish = (outcome: "skipped" | "missed", why: string) =>
      schedules.finish(schedule, [{ dueAt, outcome, why }], clock.now());
    try {
      const order = await ports.orderOf(job, schedule.spec.input);
      const fired = await submitFired(ports, { orgId: schedule.orgId, ...order }, firing, lastIdMs);
      if (fired.kind === "skipped")
        await finish("skipped", "the schedule's previous run was still at work, or waited");
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "invalid_input") throw error;
      await finish("missed", `the job can not be run: ${error.path ?? "job.run"}: ${error.message}`);
    }
  };
}

/** At most so many at once. */
async function eachOf<T>(all: T[], atOnce: number, act: (one: T) => Promise<void>): Promise<void> {
  const left = all[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, all.length) }, async () => {
      for (const one of left) await act(one);
    }),
  );
}

function told({ job, name }: ScheduleKey, error: unknown): string {
  return `${job}/${name}: ${error instanceof Error ? error.message : String(error)}`;
}

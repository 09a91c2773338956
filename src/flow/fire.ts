/** Fire: armed firings whose time has come become runs, each once, or are recorded as what else they came to. */

import { AppError } from "../core/error.ts";
import type { RunJob } from "../core/job.ts";
import { SCHEDULE_GRACE_MS, TIMEKEEPER_BATCH_FIRINGS } from "../core/limits.ts";
import type { RunSpec } from "../core/run-spec.ts";
import { overlapOfCatchUp, type RunFiring } from "../core/schedule/firing.ts";
import type { Overlap } from "../core/schedule/schedule.ts";
import { type ScheduleKey, scheduleId, scheduleOf } from "../core/schedule/spec.ts";
import { isMet, startArmed } from "../core/schedule/start.ts";
import { acceptTogether } from "./accept-together.ts";
import { type Definition, definitionsOf } from "./definitions.ts";
import type { DefinedJob, JobStore } from "./ports/jobs.ts";
import type { ArmedRow, ScheduleStore, StoredSchedule } from "./ports/schedules.ts";
import { type SubmitFiredPorts, type SubmitPorts, submitFired } from "./submit.ts";

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
  const cameAt = clock.now();
  const armed = await schedules.armed(shard, cameAt, TIMEKEEPER_BATCH_FIRINGS);
  const isMore = armed.length === TIMEKEEPER_BATCH_FIRINGS;
  const isLate = armed.some(({ startAt }) => startAt + SCHEDULE_GRACE_MS < cameAt);
  const atWorkSince = isMore || isLate ? await schedules.atWork(shard, cameAt) : cameAt;
  const bySchedule = new Map<string, ArmedRow[]>();
  for (const row of armed) bySchedule.set(scheduleId(row), [...(bySchedule.get(scheduleId(row)) ?? []), row]);
  const together = { ...ports, store: { accept: acceptTogether(ports.store) } };
  const problems: string[] = [];
  const defined = await definitionsOf(ports, armed);
  const fireRows = async (rows: ArmedRow[]) => {
    const [first] = rows;
    if (!first) return;
    const fired = fireDefined(together, first, defined(first), rows, atWorkSince);
    await fired.catch((error) => problems.push(told(first, error)));
  };
  await Promise.all([...bySchedule.values()].map(fireRows));
  if (isMore) return { nextAt: clock.now(), problems };
  return { nextAt: (await schedules.armedAt())[shard] ?? null, problems };
}

/** Starts firings of one schedule that were armed just now, oldest first. */
export async function fireSchedule(ports: FirePorts, key: ScheduleKey, armed: ArmedRow[]): Promise<void> {
  const [schedule, job] = await Promise.all([ports.schedules.find(key), ports.jobs.find(key.orgId, key.job)]);
  await fireDefined(ports, key, { schedule, job }, armed, ports.clock.now());
}

/** What starting a firing needs of the world: of the store of runs only that it takes them. */
type FireDefinedPorts = SubmitFiredPorts & Pick<FirePorts, "schedules" | "orderOf">;

/** @param atWorkSince since when the timekeeper is at work without a break */
async function fireDefined(
  ports: FireDefinedPorts,
  key: ScheduleKey,
  { schedule, job }: Definition,
  armed: ArmedRow[],
  atWorkSince: number,
): Promise<void> {
  const { schedules, clock } = ports;
  if (schedule === null || job === null || job.job.deletedAt !== null) {
    const why = "the schedule is not there any more";
    const ends = armed.map(({ dueAt }) => ({ dueAt, outcome: "missed" as const, why }));
    return schedules.finish(key, ends, clock.now());
  }
  const fire = fireOne(ports, schedule, job);
  for (const { dueAt } of armed.filter(({ trigger }) => trigger === "backfill"))
    await fire(dueAt, true, overlapOfCatchUp(schedule.spec.overlap));
  for (const { dueAt } of armed.filter(({ trigger }) => trigger === "run_now"))
    await fire(dueAt, false, schedule.spec.overlap);
  const ruled = await allThatWereMissed(ports, schedule, armed, atWorkSince);
  const pausedAt = schedule.place.resumedAt === null ? schedule.place.pausedAt : null;
  for (const { dueAt, outcome } of startArmed(
    scheduleOf(schedule, schedule.spec),
    ruled,
    pausedAt,
    clock.now(),
    atWorkSince,
  )) {
    if (outcome === "missed" || outcome === "paused")
      await schedules.finish(key, [{ dueAt, outcome, why: null }], clock.now());
    else await fire(dueAt, outcome === "caught_up", overlapOf(schedule, outcome === "caught_up"));
  }
}

/** Of those that nobody came for in time, which one is the latest can only be told of all. */
async function allThatWereMissed(
  { schedules, clock }: FireDefinedPorts,
  key: ScheduleKey,
  armed: ArmedRow[],
  atWorkSince: number,
): Promise<ArmedRow[]> {
  const ruled = armed.filter(({ trigger }) => trigger === "rule");
  const now = clock.now();
  if (ruled.every(({ startAt }) => isMet(startAt, atWorkSince, now))) return ruled;
  const from = Math.min(...ruled.map(({ dueAt }) => dueAt));
  return (await schedules.armedOf(key, from, now)).filter(({ trigger }) => trigger === "rule");
}

/** Where all that was missed is wanted, what is caught up does not skip itself. */
function overlapOf({ spec }: StoredSchedule, isCaughtUp: boolean): Overlap {
  return isCaughtUp && spec.catchUp.mode === "all" ? overlapOfCatchUp(spec.overlap) : spec.overlap;
}

function fireOne(ports: FireDefinedPorts, schedule: StoredSchedule, job: DefinedJob) {
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

function told({ job, name }: ScheduleKey, error: unknown): string {
  return `${job}/${name}: ${error instanceof Error ? error.message : String(error)}`;
}

/** Fire what is armed: firings of one schedule whose time has come become runs, each once, or are recorded as what else they came to. */

import { AppError } from "../core/error.ts";
import type { RunJob } from "../core/job.ts";
import { TIMEKEEPER_LATE_FIRINGS } from "../core/limits.ts";
import type { RunSpec } from "../core/run-spec.ts";
import { overlapOfCatchUp, type RunFiring } from "../core/schedule/firing.ts";
import type { Overlap } from "../core/schedule/schedule.ts";
import { type ScheduleKey, scheduleOf } from "../core/schedule/spec.ts";
import { isPrompt, type StartedFiring, startArmed } from "../core/schedule/start.ts";
import type { Definition } from "./definitions.ts";
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

/** Starts firings of one schedule that were armed just now, oldest first. */
export async function fireSchedule(ports: FirePorts, key: ScheduleKey, armed: ArmedRow[]): Promise<void> {
  const [schedule, job] = await Promise.all([ports.schedules.find(key), ports.jobs.find(key.orgId, key.job)]);
  await fireArmed(ports, key, { schedule, job }, armed, ports.clock.now());
}

/** What starting a firing needs of the world: of the store of runs only that it takes them. */
type FireArmedPorts = SubmitFiredPorts & Pick<FirePorts, "schedules" | "orderOf">;

/**
 * Starts armed firings of one schedule, or records what else they came to.
 * @param atWorkSince since when the timekeeper is at work without a break
 * @returns when the first of those that were accepted ahead is to start; infinity where there is none
 */
export async function fireArmed(
  ports: FireArmedPorts,
  key: ScheduleKey,
  { schedule, job }: Definition,
  armed: ArmedRow[],
  atWorkSince: number,
): Promise<number> {
  const { schedules, clock } = ports;
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
  const ruled = armed.filter(({ trigger }) => trigger === "rule");
  const decided = await decideArmed(ports, schedule, ruled, atWorkSince);
  const ends = decided.flatMap(({ dueAt, outcome }) =>
    outcome === "missed" || outcome === "paused" ? [{ dueAt, outcome, why: null }] : [],
  );
  await schedules.finish(key, ends, clock.now());
  await schedules.drop(
    key,
    decided.filter(({ outcome }) => outcome === "not_due").map(({ dueAt }) => dueAt),
  );
  let aheadAt = Number.POSITIVE_INFINITY;
  // Of all that were missed no more are started than an alarm may; the next one goes on.
  for (const started of decided.filter(isStarted).slice(0, ruled.length)) {
    const { dueAt } = started;
    if (!("startsAt" in started)) {
      const isCaughtUp = started.outcome === "caught_up";
      await fire(dueAt, isCaughtUp, overlapOf(schedule, isCaughtUp));
      continue;
    }
    const { startsAt, outcome } = started;
    const isAhead = outcome === "ahead" && (await fireAhead(ports, schedule, job, dueAt, startsAt));
    if (isAhead) aheadAt = Math.min(aheadAt, startsAt);
    else await schedules.putOff(key, dueAt, startsAt);
  }
  return aheadAt;
}

/**
 * Accepts the run of a due time that is yet to come, so that its Machine is made by then. Where anything is in its way, as the previous run
 * that is still at work, that is for the time itself to decide.
 */
async function fireAhead(
  ports: FireArmedPorts,
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

/** What becomes of armed firings of the rule. Of those that nobody came for in time, which one is the latest can only be told of all. */
async function decideArmed(
  { schedules, clock }: FireArmedPorts,
  schedule: StoredSchedule,
  ruled: ArmedRow[],
  atWorkSince: number,
): Promise<StartedFiring[]> {
  const now = clock.now();
  const decide = (rows: ArmedRow[]) =>
    startArmed(scheduleOf(schedule, schedule.spec), rows, schedule.place, now, atWorkSince);
  if (ruled.every(({ startAt }) => isPrompt(startAt, atWorkSince, now))) return decide(ruled);
  const from = Math.min(...ruled.map(({ dueAt }) => dueAt));
  const all = await schedules.armedOf(schedule, from, now, TIMEKEEPER_LATE_FIRINGS);
  // Where there are more, the last one here is not the latest.
  return all.length < TIMEKEEPER_LATE_FIRINGS ? decide(all) : decide(all).slice(0, -1);
}

function isStarted(
  firing: StartedFiring,
): firing is Extract<StartedFiring, { outcome: "ran" | "caught_up" | "ahead" | "early" }> {
  return !["missed", "paused", "not_due"].includes(firing.outcome);
}

/** Where all that was missed is wanted, what is caught up does not skip itself. */
function overlapOf({ spec }: StoredSchedule, isCaughtUp: boolean): Overlap {
  return isCaughtUp && spec.catchUp.mode === "all" ? overlapOfCatchUp(spec.overlap) : spec.overlap;
}

function fireOne(ports: FireArmedPorts, schedule: StoredSchedule, job: DefinedJob) {
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

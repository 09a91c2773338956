/** Firings that somebody asks for: a run of a schedule now, and due times of the past that have none. They are in the ledger like every other. */

import { AppError } from "../core/error.ts";
import { BACKFILL_MAX_FIRINGS } from "../core/limits.ts";
import { dueTimes } from "../core/schedule/due.ts";
import { shardOf } from "../core/schedule/spec.ts";
import { type FirePorts, fireSchedule } from "./fire-armed.ts";
import type { Firing, ScheduleStore, StoredSchedule, Timekeepers } from "./ports/schedules.ts";
import type { Clock } from "./ports.ts";

/** This moment can be a due time of the schedule by itself, and so can those after it. */
const MOMENTS_TRIED = 100;

/**
 * Runs a schedule's job now, also where the schedule rests. The moment is the key: what is armed once more since an answer was lost, or is asked
 * for twice in one millisecond, is one run. A caller who may ask again later gives a key, which the ledger keeps: who asks under it
 * again is told of the same firing, whatever came of it, and starts it where nobody has.
 * @returns what came of it
 * @throws AppError `idempotency_conflict` where the key was used for another schedule
 */
export async function runNow(
  ports: FirePorts,
  schedule: StoredSchedule,
  orderKey: string | null = null,
): Promise<Firing> {
  const { schedules, clock } = ports;
  const known = orderKey === null ? null : await orderedBefore(schedules, schedule, orderKey);
  const asked = known ?? (await armNow(schedules, schedule, clock.now(), orderKey));
  if (asked.outcome !== "armed") return asked;
  const { dueAt, startAt, trigger } = asked;
  const { orgId, job, name } = schedule;
  const row = { orgId, job, name, outcome: "armed", dueAt, startAt: startAt ?? dueAt, trigger } as const;
  await fireSchedule(ports, schedule, [row]);
  const firing = await schedules.firing(schedule, dueAt);
  if (firing === null)
    throw new AppError("unavailable", "the schedule was changed at the same time; try again");
  return firing;
}

/** Arms this moment, or one soon after that is free. @returns what is armed, or what the same call has armed before */
async function armNow(
  schedules: ScheduleStore,
  schedule: StoredSchedule,
  startAt: number,
  orderKey: string | null,
): Promise<(Pick<Firing, "dueAt" | "startAt" | "trigger"> & { outcome: "armed" }) | Firing> {
  for (let dueAt = startAt; dueAt < startAt + MOMENTS_TRIED; dueAt++) {
    const isNew = (await schedules.arm(schedule, [dueAt], startAt, "run_now", orderKey)) > 0;
    if (isNew) return { outcome: "armed", dueAt, startAt, trigger: "run_now" };
    if (orderKey !== null) {
      const known = await orderedBefore(schedules, schedule, orderKey);
      if (known !== null) return known;
    } else {
      const known = await schedules.firing(schedule, dueAt);
      if (known?.trigger === "run_now" && known.startAt === startAt) return known;
    }
  }
  throw new AppError("unavailable", "others run this schedule at the same time; try again");
}

/** What was asked for under a key before. */
async function orderedBefore(
  schedules: ScheduleStore,
  { orgId, job, name }: StoredSchedule,
  orderKey: string,
): Promise<Firing | null> {
  const known = await schedules.ordered(orgId, orderKey);
  if (known === null || (known.job === job && known.name === name)) return known;
  throw new AppError(
    "idempotency_conflict",
    `this Idempotency-Key was used for another schedule, ${known.job}/${known.name}; use a new key for a new run`,
    "header.idempotency-key",
  );
}

export interface Backfill {
  /** Due times without a run, in order. */
  dueTimes: number[];
  /** Those of the stretch that have one, or are armed. */
  taken: number;
}

/**
 * Due times of the schedule's rule within a stretch, both ends included, that came to no run.
 * @throws AppError `invalid_input` where it has too many
 */
export async function backfillOf(
  schedules: Pick<ScheduleStore, "taken">,
  schedule: StoredSchedule,
  fromMs: number,
  toMs: number,
): Promise<Backfill> {
  const all = dueTimes(schedule.spec, fromMs - 1, toMs, BACKFILL_MAX_FIRINGS + 1);
  if (all.length > BACKFILL_MAX_FIRINGS)
    throw new AppError(
      "invalid_input",
      `has more than ${BACKFILL_MAX_FIRINGS} due times from there; choose a shorter stretch`,
      "to",
    );
  const taken = new Set(await schedules.taken(schedule, fromMs, toMs));
  const free = all.filter((dueAt) => !taken.has(dueAt));
  return { dueTimes: free, taken: all.length - free.length };
}

/** Arms those due times, each once whoever repeats it, and wakes the schedule's timekeeper. @returns how many were armed */
export async function backfill(
  { schedules, timekeepers, clock }: { schedules: ScheduleStore; timekeepers: Timekeepers; clock: Clock },
  schedule: StoredSchedule,
  { dueTimes }: Backfill,
): Promise<number> {
  const now = clock.now();
  const armed = await schedules.arm(schedule, dueTimes, now, "backfill");
  // One that does not hear is woken by the minute's tick.
  if (armed > 0) await timekeepers.wake(shardOf(schedule), now).catch(() => undefined);
  return armed;
}

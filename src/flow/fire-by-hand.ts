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
 * for twice in one millisecond, is one run.
 * @returns what came of it
 */
export async function runNow(ports: FirePorts, schedule: StoredSchedule): Promise<Firing> {
  const { schedules, clock } = ports;
  const now = clock.now();
  for (let dueAt = now; dueAt < now + MOMENTS_TRIED; dueAt++) {
    if ((await schedules.arm(schedule, [dueAt], now, "run_now")) === 0) {
      const known = await schedules.firing(schedule, dueAt);
      if (known?.trigger !== "run_now" || known.startAt !== now) continue;
      if (known.outcome !== "armed") return known;
    }
    const { orgId, job, name } = schedule;
    const row = { orgId, job, name, outcome: "armed", dueAt, startAt: now, trigger: "run_now" } as const;
    await fireSchedule(ports, schedule, [row]);
    const firing = await schedules.firing(schedule, dueAt);
    if (firing !== null) return firing;
  }
  throw new AppError("unavailable", "others run this schedule at the same time; try again");
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

/** Fire a shard: what a timekeeper does when its alarm rings. Each armed firing of the shard whose time has come is started with the others of its schedule. */

import { messageOf } from "../core/error.ts";
import { SCHEDULE_PROMPT_MS, TIMEKEEPER_BATCH_FIRINGS } from "../core/limits.ts";
import { type ScheduleKey, scheduleId } from "../core/schedule/spec.ts";
import { acceptTogether } from "./accept-together.ts";
import { definitionsOf } from "./definitions.ts";
import { type FirePorts, fireArmed } from "./fire-armed.ts";
import type { ArmedRow } from "./ports/schedules.ts";

export interface FireReport {
  /** When the next firing of the shard is to start, in epoch milliseconds; null where there is none. */
  nextAt: number | null;
  /** What kept firings from being started; they stay armed. */
  problems: string[];
  /** How many these are, at most. */
  failed: number;
  /** There are others that are to start by now, which one call did not come to. */
  isMore: boolean;
}

/**
 * Starts those firings of a shard that are to start by now, as many as one call may.
 * @param passedOver so many are left alone, the first ones: they failed just now, and must not keep all others waiting
 */
export async function fireShard(ports: FirePorts, shard: number, passedOver = 0): Promise<FireReport> {
  const { schedules, clock } = ports;
  const cameAt = clock.now();
  const armed = await schedules.armed(shard, cameAt, TIMEKEEPER_BATCH_FIRINGS, passedOver);
  const isMore = armed.length === TIMEKEEPER_BATCH_FIRINGS;
  const isLate = armed.some(({ startAt }) => startAt + SCHEDULE_PROMPT_MS < cameAt);
  const atWorkSince = isMore || isLate ? await schedules.atWorkSince(shard, cameAt) : cameAt;
  const bySchedule = new Map<string, ArmedRow[]>();
  for (const row of armed) bySchedule.set(scheduleId(row), [...(bySchedule.get(scheduleId(row)) ?? []), row]);
  const together = { ...ports, store: { accept: acceptTogether(ports.store) } };
  const problems: string[] = [];
  let failed = 0;
  let aheadAt = Number.POSITIVE_INFINITY;
  const defined = await definitionsOf(ports, armed);
  const fireRows = async (rows: ArmedRow[]) => {
    const [first] = rows;
    if (!first) return;
    await fireArmed(together, first, defined(first), rows, atWorkSince)
      .then((startsAt) => {
        aheadAt = Math.min(aheadAt, startsAt);
      })
      .catch((error) => {
        problems.push(told(first, error));
        failed += rows.length;
      });
  };
  await Promise.all([...bySchedule.values()].map(fireRows));
  // What came due in the meantime is not late because nobody was there.
  const endedAt = clock.now();
  if (isMore || endedAt - cameAt > SCHEDULE_PROMPT_MS) await schedules.noteWork(shard, atWorkSince, endedAt);
  if (isMore) return { nextAt: clock.now(), problems, failed, isMore };
  // A due time whose run was accepted ahead can be given back, and is decided anew then.
  const nextAt = Math.min(aheadAt, (await schedules.armedAt())[shard] ?? aheadAt);
  return { nextAt: Number.isFinite(nextAt) ? nextAt : null, problems, failed, isMore };
}

function told({ job, name }: ScheduleKey, error: unknown): string {
  return `${job}/${name}: ${messageOf(error)}`;
}

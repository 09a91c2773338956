/**
 * Which due times of a schedule are late: the machine of the run's command did not start within `late_after` of the due time, or there is
 * no run at all. What `overlap` skips and what passes in a pause is as its owner wants it, and not late.
 */

import { formatDuration, toldDuration } from "../duration.ts";
import { ALERT_SLACK_MS, DAY_MS } from "../limits.ts";
import { nextDue } from "../schedule/due.ts";
import type { FiringOutcome, Place, Timing } from "../schedule/schedule.ts";
import type { FoundAlert, Looked } from "./alert.ts";

export interface WatchedSchedule {
  /** `late_after`. */
  limitMs: number;
  /** Due times up to this were looked at. */
  fromAt: number;
  timing: Timing;
  place: Omit<Place, "countsFrom">;
}

/** A row of the ledger with the start of its run. */
export interface WatchedFiring {
  dueAt: number;
  outcome: FiringOutcome;
  trigger: "rule" | "run_now" | "backfill" | "fly";
  count: number;
  runId: string | null;
  why: string | null;
  /** When the first machine of its run started; null where none is known to have. */
  startedAt: number | null;
}

/** The due times that can be told of: those after `after`, up to `through`. Of later ones a start may not be known yet. */
export function stretchOf(
  { limitMs, fromAt, place }: WatchedSchedule,
  nowMs: number,
): { after: number; through: number } {
  const told = nowMs - limitMs - ALERT_SLACK_MS;
  // By a clock that was ahead, `fromAt` can lie where nobody has looked.
  const after = Math.min(fromAt, told);
  return { after, through: Math.max(after, Math.min(told, place.decidedTo)) };
}

/** @param firings the rows of {@link stretchOf}, all of them up to `through` */
export function lateness(
  watched: WatchedSchedule,
  firings: WatchedFiring[],
  through: number,
  nowMs: number,
): Looked {
  const { limitMs, timing, place } = watched;
  const alerts = firings.flatMap((firing) => lateAlert(firing, watched) ?? []);
  const isResting = place.pausedAt !== null && place.resumedAt === null;
  const toldAfter = limitMs + ALERT_SLACK_MS;
  // What comes due in a pause is decided after it; until then there is nothing to look at again and again.
  const next = nextDue(timing, isResting ? nowMs : through);
  const lookAt = next === null ? (isResting ? nowMs + DAY_MS : null) : next + toldAfter + 1;
  return { alerts, fromAt: through, lookAt };
}

function lateAlert(firing: WatchedFiring, { limitMs, place }: WatchedSchedule): FoundAlert | null {
  const { dueAt, outcome, trigger, startedAt, runId } = firing;
  if (trigger === "run_now" || trigger === "fly" || outcome === "skipped" || outcome === "paused")
    return null;
  if (
    place.pausedAt !== null &&
    place.pausedAt <= dueAt &&
    dueAt < (place.resumedAt ?? Number.POSITIVE_INFINITY)
  )
    return null;
  if (startedAt !== null && startedAt - dueAt <= limitMs) return null;
  return { type: "schedule_late", dueAt, runId, detail: whatIsLate(firing, limitMs) };
}

function whatIsLate({ dueAt, outcome, count, why, startedAt }: WatchedFiring, limitMs: number): string {
  const limit = formatDuration(limitMs);
  if (startedAt !== null)
    return `its run started ${toldDuration(startedAt - dueAt)} after it was due, and not within ${limit}`;
  if (outcome === "armed") return `its run was not submitted within ${limit}`;
  if (outcome !== "missed") return `its run did not start within ${limit}`;
  if (count > 1) return `${count} due times in a row were missed`;
  return `it was missed${why === null ? "" : `: ${why}`}`;
}

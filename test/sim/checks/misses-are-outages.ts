import { startOf } from "../../../src/core/schedule/jitter.ts";
import { type ScheduleSpec, scheduleId } from "../../../src/core/schedule/spec.ts";
import type { Firing } from "../../../src/flow/ports/schedules.ts";
import type { World } from "../world/world.ts";
import { dueByHand } from "./book-of-schedules.ts";
import type { Check } from "./check.ts";
import { told } from "./due-times-are-told.ts";
import { LEAD_MS } from "./punctual-is-ahead.ts";

/** So late a due time still counts as met, as callers are told. */
const GRACE_MS = 120_000;
/** Calls of one look, each of which can be late. */
const CALLS_MS = 60_000;

/** A due time that was called missed. */
interface Verdict {
  row: Firing;
  at: number;
  /** It was not late enough for that. */
  isTooSoon: boolean;
}

export const missesAreOutages: Check = {
  name: "a due time is missed after an outage longer than the grace alone, and caught up as its schedule says",
  begin(world) {
    const verdicts = new Map<string, Verdict>();
    return {
      onFiring(row, before) {
        if (row === null) return null;
        const place = `${scheduleId(row)} ${row.dueAt} ${row.throughAt}`;
        verdicts.delete(place);
        if (row.trigger !== "rule") return null;
        const wrong = wrongRow(world, row, before);
        if (wrong) return `${told(row)}: ${wrong}`;
        if (row.outcome !== "missed" || row.why !== null) return null;
        const at = world.time.now();
        const lateMs = at - plannedStart(world, row);
        const isTooSoon = lateMs < GRACE_MS - world.clockOffMaxMs;
        if (isTooSoon && world.schedules.decidedAheadMs === 0) return `${told(row)} after ${lateMs} ms alone`;
        verdicts.set(place, { row, at, isTooSoon });
        return null;
      },
      atEnd() {
        for (const verdict of verdicts.values())
          if (verdict.isTooSoon && couldBeMended(world, verdict))
            return `${told(verdict.row)} by a clock that was ahead, and one that is right let it stand`;
        return null;
      },
    };
  },
};

function wrongRow(world: World, row: Firing, before: Firing | null): string | null {
  switch (row.outcome) {
    case "armed":
      // What a run gave back was armed before.
      return before?.runId ? null : wrongArming(world, row);
    case "missed":
      return row.why === null ? wrongMiss(world, row) : wrongGone(world, row);
    case "caught_up":
      return before && wrongCatchUp(world, before);
    default:
      return null;
  }
}

/** What is armed too late to be in time is to be caught up, by the clock that armed it. */
function wrongArming(world: World, row: Firing): string | null {
  const id = scheduleId(row);
  // What decides it can be followed in one moment by what changes it.
  const spec = world.schedules.schedules.get(id)?.spec ?? world.schedules.lately(id, 0).at(-1);
  const { dueAt, startAt } = row;
  if (!spec || startAt === null) return "it has no schedule, or no time to start";
  const plannedAt = startOf({ id: scheduleId(row), ...spec }, dueAt);
  if (plannedAt < dueAt || plannedAt > dueAt + spec.jitterMs) return "its jitter is too large";
  if (startAt < plannedAt - (spec.punctual ? LEAD_MS : 0)) return "it is to start too soon";
  if (startAt <= plannedAt + GRACE_MS) return null;
  const { mode, windowMs } = spec.catchUp;
  if (mode === "none") return "nothing is to be caught up";
  if (dueAt < startAt - windowMs) return "it is caught up after its window";
  const later = mode === "latest" ? dueByHand(spec, dueAt, startAt) : [];
  return later.length > 0 ? `${later[0]} is due later, and only the latest is to be caught up` : null;
}

/** Whoever called it missed may have read the schedule a while ago. */
function wrongMiss(world: World, row: Firing): string | null {
  if (world.schedules.decidedAheadMs !== 0) return null;
  const now = world.workerClock.now();
  const id = scheduleId(row);
  // What another rule has armed is among those of which the latest is caught up.
  const isLatest = !world.schedules
    .lately(id, Number.POSITIVE_INFINITY)
    .some((timing) => dueByHand(timing, row.throughAt, now + CALLS_MS).length > 0);
  const isAllowed = ({ catchUp }: ScheduleSpec) =>
    catchUp.mode === "none" ||
    row.dueAt < now - catchUp.windowMs + CALLS_MS ||
    (catchUp.mode === "latest" && !isLatest) ||
    // What was missed before a pause is not news any more after it.
    (!catchUp.afterPause &&
      world.schedules.pausesOf(id).some(({ resumedAt }) => resumedAt !== null && resumedAt > row.dueAt));
  return world.schedules.lately(id, CALLS_MS).some(isAllowed) ? null : "it was to be caught up";
}

function wrongGone(world: World, row: Firing): string | null {
  const changes = world.schedules.changesOf(scheduleId(row));
  return changes.some(({ spec }) => spec === null) ? null : "its schedule was always there";
}

/** It was armed to be caught up, or nobody came for it in time. */
function wrongCatchUp(world: World, before: Firing): string | null {
  const startAt = before.startAt ?? before.dueAt;
  if (startAt > plannedStart(world, before) + GRACE_MS) return null;
  const lateMs = world.workerClock.now() - startAt;
  if (lateMs <= GRACE_MS - 2 * world.clockOffMaxMs) return `it was in time, ${lateMs} ms late`;
  const specs = world.schedules.lately(scheduleId(before), CALLS_MS);
  return specs.some(({ catchUp }) => catchUp.mode !== "none") ? null : "nothing is to be caught up";
}

function plannedStart(world: World, row: Firing): number {
  const id = scheduleId(row);
  const spec = world.schedules.schedules.get(id)?.spec ?? world.schedules.lately(id, CALLS_MS).at(-1);
  return startOf({ id, jitterMs: spec?.jitterMs ?? 0 }, row.dueAt);
}

/** A whole look by a right clock came while it could still be armed, with nothing that could have kept it from that. */
function couldBeMended(world: World, { row, at }: Verdict): boolean {
  const id = scheduleId(row);
  const { schedules } = world;
  const { ticks } = schedules;
  const until = plannedStart(world, row) + GRACE_MS - world.clockOffMaxMs;
  const isCalm =
    schedules.changesOf(id).every(({ trueAt }) => trueAt < at) && schedules.pausesOf(id).length === 0;
  return (
    isCalm &&
    ticks.some(
      (tick) =>
        tick.isWhole &&
        tick.offMs === 0 &&
        tick.beganAt > at &&
        tick.endedAt < until &&
        !ticks.some(
          (other) => other.offMs !== 0 && other.beganAt < tick.endedAt && other.endedAt > tick.beganAt,
        ),
    )
  );
}

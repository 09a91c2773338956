import { startOf } from "../../../src/core/schedule/jitter.ts";
import { type ScheduleSpec, scheduleId, shardOf, timingText } from "../../../src/core/schedule/spec.ts";
import type { Firing } from "../../../src/flow/ports/schedules.ts";
import type { World } from "../world/world.ts";
import { dueByHand, GRACE_MS, inTimeUntil, PROMPT_MS } from "./book-of-schedules.ts";
import type { Check } from "./check.ts";
import { told } from "./due-times-are-told.ts";
import { LEAD_MS } from "./punctual-is-ahead.ts";

/** A look arms what is due up to so much later. */
const AHEAD_MS = 90_000;
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
        const isTooSoon = at < missedFrom(world, row) - world.clockOffMaxMs;
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
    case "ran":
      return before && wrongRun(world, before);
    case "caught_up":
      return before && wrongCatchUp(world, before);
    default:
      return null;
  }
}

/** What is armed too late to be in time is to be caught up, by the clock that armed it. */
function wrongArming(world: World, row: Firing): string | null {
  // What decides it can be followed in one moment by what changes it.
  const wrong = world.schedules.lately(scheduleId(row), 0).map((spec) => wrongArmingBy(world, row, spec));
  return wrong.includes(null) ? null : (wrong.at(-1) ?? "it has no schedule");
}

function wrongArmingBy(world: World, row: Firing, spec: ScheduleSpec): string | null {
  const { dueAt, startAt } = row;
  if (startAt === null) return "it has no time to start";
  const plannedAt = startOf({ id: scheduleId(row), ...spec }, dueAt);
  if (plannedAt < dueAt || plannedAt > dueAt + spec.jitterMs) return "its jitter is too large";
  if (startAt < plannedAt - (spec.punctual ? LEAD_MS : 0)) return "it is to start too soon";
  const isWanted = (due: number) => !everRested(world, row, due);
  if (startAt <= inTimeUntil({ id: scheduleId(row), ...spec }, dueAt, plannedAt, isWanted)) return null;
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
    // What was missed before a pause is not news any more in it and after it.
    (!catchUp.afterPause &&
      world.schedules
        .pausesOf(id)
        .some(
          ({ pausedAt, resumedAt }) =>
            pausedAt !== null && (resumedAt ?? Number.POSITIVE_INFINITY) > row.dueAt,
        ));
  return world.schedules.lately(id, CALLS_MS).some(isAllowed) ? null : "it was to be caught up";
}

function wrongGone(world: World, row: Firing): string | null {
  const changes = world.schedules.changesOf(scheduleId(row));
  return changes.some(({ spec }) => spec === null) ? null : "its schedule was always there";
}

/** Somebody came for it in time, or for what its timekeeper had to start before it, a few calls ago. */
function wrongRun(world: World, before: Firing): string | null {
  const sinceMs = Math.max(before.startAt ?? 0, plannedStart(world, before));
  const isWanted = (due: number) => !everRested(world, before, due);
  const ofEach = untils(world, before, sinceMs, isWanted);
  const { mode } = world.schedules.schedules.get(scheduleId(before))?.spec.catchUp ?? {};
  const until = mode === "all" && ofEach.length === 1 ? sinceMs + PROMPT_MS : Math.max(...ofEach);
  const lateMs = cameAt(world, before) - until - 2 * world.clockOffMaxMs;
  return lateMs > 0 ? `nobody came for it in time, and ${lateMs} ms after that` : null;
}

/** At the latest, by its note or a few calls ago. */
function cameAt(world: World, row: Firing): number {
  const noted = world.schedules.timekeepers.get(shardOf(row));
  return Math.min(noted?.since ?? Number.POSITIVE_INFINITY, world.workerClock.now() - CALLS_MS);
}

/** It was armed to be caught up, or nobody came for it in time. */
function wrongCatchUp(world: World, before: Firing): string | null {
  const startAt = before.startAt ?? before.dueAt;
  const specs = world.schedules.lately(scheduleId(before), CALLS_MS);
  const graceMs = specs.some(({ catchUp }) => catchUp.mode === "all") ? PROMPT_MS : GRACE_MS;
  if (startAt > plannedStart(world, before) + graceMs) return null;
  const lateMs = world.workerClock.now() - startAt;
  if (lateMs <= graceMs - 2 * world.clockOffMaxMs) return `it was in time, ${lateMs} ms late`;
  if (specs.every(({ catchUp }) => catchUp.mode === "none")) return "nothing is to be caught up";
  const since = Math.max(startAt, plannedStart(world, before));
  const isNews =
    specs.some(({ catchUp }) => catchUp.afterPause) ||
    cameAt(world, before) - since <= GRACE_MS + 2 * world.clockOffMaxMs;
  const pause = world.schedules
    .pausesOf(scheduleId(before))
    .find(({ pausedAt, trueAt }) => before.dueAt < (pausedAt ?? 0) && trueAt < world.time.now() - CALLS_MS);
  return pause && !isNews ? "it was missed before a pause, and is not news any more" : null;
}

function plannedStart(world: World, row: Firing): number {
  const id = scheduleId(row);
  const spec = world.schedules.schedules.get(id)?.spec ?? world.schedules.lately(id, CALLS_MS).at(-1);
  return startOf({ id, jitterMs: spec?.jitterMs ?? 0 }, row.dueAt);
}

/** From when on it can be missed, by whichever rule its schedule ever had. */
function missedFrom(world: World, row: Firing): number {
  const plannedAt = plannedStart(world, row);
  return Math.min(
    ...untils(world, row, plannedAt, () => true),
    Math.max(plannedAt + PROMPT_MS, firstOfRuleBefore(world, row, plannedAt) - 1),
  );
}

/** When the first newer one starts of a rule that is not in force any more: whichever of them has come is the newest then. */
function firstOfRuleBefore(world: World, row: Firing, plannedAt: number): number {
  const id = scheduleId(row);
  const specs = world.schedules.lately(id, Number.POSITIVE_INFINITY);
  const inForce = specs.at(-1);
  const starts = specs
    .filter((spec) => inForce && timingText(spec) !== timingText(inForce))
    .flatMap((spec) =>
      dueByHand(spec, row.dueAt, plannedAt + GRACE_MS).map((dueAt) => startOf({ id, ...spec }, dueAt)),
    );
  return Math.min(...starts.filter((startsAt) => startsAt > plannedAt));
}

function untils(world: World, row: Firing, sinceMs: number, isWanted: (dueAt: number) => boolean): number[] {
  const id = scheduleId(row);
  const specs = world.schedules.lately(id, Number.POSITIVE_INFINITY);
  return specs.map((spec) => inTimeUntil({ id, ...spec }, row.dueAt, sinceMs, isWanted));
}

function everRested(world: World, row: Firing, dueAt: number): boolean {
  const pauses = world.schedules.pausesOf(scheduleId(row));
  return pauses.some(({ pausedAt, resumedAt }, index) => {
    const to = resumedAt ?? pauses[index + 1]?.resumedAt ?? Number.POSITIVE_INFINITY;
    return pausedAt !== null && pausedAt <= dueAt && dueAt < to;
  });
}

/** A whole look by a right clock came while it could still be armed, with nothing that could have kept it from that. */
function couldBeMended(world: World, { row, at }: Verdict): boolean {
  const id = scheduleId(row);
  const { schedules } = world;
  const { ticks } = schedules;
  // One that came earlier than that had not to arm it yet, and a wrong one can have come since.
  const from = Math.max(at, row.dueAt - AHEAD_MS + world.clockOffMaxMs);
  const until = missedFrom(world, row) - world.clockOffMaxMs;
  const isCalm =
    schedules.changesOf(id).every(({ trueAt }) => trueAt < at) && schedules.pausesOf(id).length === 0;
  return (
    isCalm &&
    ticks.some(
      (tick) =>
        tick.isWhole &&
        tick.offMs === 0 &&
        tick.beganAt > from &&
        tick.endedAt < until &&
        !ticks.some(
          (other) => other.offMs !== 0 && other.beganAt < tick.endedAt && other.endedAt > tick.beganAt,
        ),
    )
  );
}

import { scheduleId } from "../../../src/core/schedule/spec.ts";
import type { Firing } from "../../../src/flow/ports/schedules.ts";
import type { World } from "../world/world.ts";
import { dueByHand, erasOf } from "./book-of-schedules.ts";
import type { Check } from "./check.ts";

/** For the tick that wakes a timekeeper whose alarm was lost, and calls that are repeated. */
const SLACK_MS = 180_000;
/** What came due last may be under way still. */
const LAST_MS = 60_000;

export const dueTimesAreTold: Check = {
  name: "each due time of a schedule is in the ledger once, and no other time is; none stays armed when its time has come",
  begin: (world) => ({
    onFiring(row, before) {
      if (row === null) return before && mayGo(world, before) ? null : `${told(before)} is gone`;
      if (before !== null || row.trigger !== "rule") return null;
      const eras = erasOf(world.schedules.changesOf(scheduleId(row)), row.throughAt);
      // Whoever changes a rule decides before that what is overdue by the one that goes, and may do both in one moment.
      const known = world.schedules.schedules.get(scheduleId(row))?.spec;
      const past = known ? eras.slice(0, -1) : eras;
      const gone = past.findLast(({ fromMs, toMs }) => fromMs < row.dueAt && row.throughAt <= toMs);
      const spec = gone?.timing ?? known;
      if (!spec) return `${told(row)}, and there is no such schedule`;
      const era = gone ?? eras.at(-1);
      // A clock that is quite behind takes a rule that is young for one that a clock ahead has put.
      const fromMs = world.schedules.decidedAheadMs < 0 ? 0 : (era?.fromMs ?? 0);
      const due = dueByHand(spec, Math.max(fromMs, row.dueAt - 1), row.throughAt);
      return due[0] === row.dueAt && due.at(-1) === row.throughAt && due.length === row.count
        ? null
        : `${told(row)}, which the rule in force does not name`;
    },
    afterStep() {
      if (world.calmSince === null) return null;
      const now = Math.min(world.time.now(), world.workerClock.now());
      for (const row of world.schedules.ledger.values()) {
        if (row.outcome !== "armed") continue;
        const sinceMs = now - Math.max(row.startAt ?? row.dueAt, world.calmSince + world.clockOffMaxMs);
        if (sinceMs > SLACK_MS) return `${told(row)} ${sinceMs} ms after its time`;
      }
      return null;
    },
    atEnd() {
      for (const id of world.schedules.ids) {
        const forgotten = forgottenOf(world, id);
        if (forgotten.length > 0)
          return `${id} was due at ${forgotten.join(", ")}, and nothing tells what became of that`;
      }
      return null;
    },
  }),
};

/** What is armed goes with the rule that named it; what was paused or missed ahead of its time goes with it where it never comes due. */
function mayGo(world: World, { outcome, dueAt, ...key }: Firing): boolean {
  if (outcome === "armed") return true;
  const changes = world.schedules.changesOf(scheduleId(key));
  const last = changes.at(-1);
  const isEnd = last !== undefined && (last.spec === null || last.isNewTiming) && last.at < dueAt;
  return isEnd && (outcome === "paused" || outcome === "missed");
}

function forgottenOf(world: World, id: string): number[] {
  const rows = [...world.schedules.ledger.values()].filter((row) => scheduleId(row) === id);
  const now = Math.min(world.time.now(), world.workerClock.now()) - LAST_MS;
  const due = erasOf(world.schedules.changesOf(id), now).flatMap(({ timing, fromMs, toMs }) =>
    dueByHand(timing, fromMs, toMs),
  );
  return due.filter((at) => !rows.some(({ dueAt, throughAt }) => dueAt <= at && at <= throughAt));
}

export function told(row: Firing | null): string {
  if (row === null) return "a firing that is not there";
  return `${row.job}/${row.name} due at ${new Date(row.dueAt).toISOString()} is ${row.outcome}`;
}

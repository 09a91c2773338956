import { scheduleId } from "../../../src/core/schedule/spec.ts";
import type { Firing } from "../../../src/flow/ports/schedules.ts";
import type { RecordingSchedules } from "../world/recording-schedules.ts";
import type { Check } from "./check.ts";
import { told } from "./due-times-are-told.ts";
import { lateCalls } from "./late-calls.ts";

export const pausesAreKept: Check = {
  name: "what comes due while a schedule rests has no run by itself, and nothing else counts as paused",
  begin: (world) => {
    const { schedules, time, hasSchedules } = world;
    const callsMs = lateCalls(world);
    return {
      onFiring(row, before) {
        if (row === null || row.trigger !== "rule") return null;
        const id = scheduleId(row);
        const pauses = schedules.pausesOf(id);
        const isWithin = (pausedAt: number | null, resumedAt: number | null) =>
          pausedAt !== null &&
          pausedAt <= row.throughAt &&
          row.dueAt < (resumedAt ?? Number.POSITIVE_INFINITY);
        if (row.outcome === "paused")
          return pauses.some(({ pausedAt, resumedAt }) => isWithin(pausedAt, resumedAt))
            ? null
            : `${told(row)}, and it did not rest then`;
        if (row.runId === null || before?.runId) return null;
        const last = pauses.at(-1);
        if (!last || last.trueAt > time.now() - callsMs() || !isWithin(last.pausedAt, last.resumedAt))
          return null;
        const isWanted =
          last.resumedAt !== null &&
          schedules.lately(id, callsMs()).some(({ catchUp }) => catchUp.afterPause);
        return isWanted ? null : `${told(row)}, and it rested then`;
      },
      afterStep() {
        if (hasSchedules) callsMs();
        return null;
      },
      atEnd() {
        for (const row of schedules.ledger.values()) {
          if (row.outcome === "paused" && !restedThen(schedules, row))
            return `${told(row)}, and it rested no more then`;
        }
        return null;
      },
    };
  },
};

/** By the pauses as they were in the end: one that nobody ended lasts, unless its schedule went first. */
function restedThen(schedules: RecordingSchedules, row: Firing): boolean {
  const id = scheduleId(row);
  const pauses = schedules.pausesOf(id);
  return pauses.some(({ trueAt, pausedAt, resumedAt }, index) => {
    if (pausedAt === null || pausedAt > row.throughAt) return false;
    if (resumedAt !== null) return row.dueAt < resumedAt;
    if (pauses[index + 1]?.pausedAt === pausedAt) return false;
    const gone = schedules.changesOf(id).find((change) => change.spec === null && change.trueAt >= trueAt);
    return gone === undefined || row.dueAt <= gone.at;
  });
}

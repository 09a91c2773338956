import { scheduleId } from "../../../src/core/schedule/spec.ts";
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
          const pauses = schedules.pausesOf(scheduleId(row));
          const isOver = pauses.some(
            ({ pausedAt, resumedAt }, index) =>
              pausedAt !== null &&
              pausedAt <= row.throughAt &&
              (resumedAt === null ? index === pauses.length - 1 : row.dueAt < resumedAt),
          );
          if (row.outcome === "paused" && !isOver) return `${told(row)}, and it rested no more then`;
        }
        return null;
      },
    };
  },
};

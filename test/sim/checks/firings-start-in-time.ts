import { scheduleId } from "../../../src/core/schedule/spec.ts";
import type { Check } from "./check.ts";
import { told } from "./due-times-are-told.ts";

/** What is under way from before, and alarms that were lost, have come to an end by then. */
const SETTLED_MS = 180_000;
/** Some calls, none of them late. */
const CALLS_MS = 5000;

export const firingsStartInTime: Check = {
  name: "while nothing fails each armed run is submitted at its second",
  begin(world) {
    /** By due time of a schedule: since when it is armed. */
    const armedSince = new Map<string, number>();
    return {
      onFiring(row, before) {
        if (row === null) return null;
        const place = `${scheduleId(row)} ${row.dueAt}`;
        const now = world.workerClock.now();
        if (row.outcome === "armed") armedSince.set(place, now);
        const startAt = before?.startAt ?? null;
        if (startAt === null || row.runId === null) return null;
        if (world.calmSince === null || world.time.now() - world.calmSince < SETTLED_MS) return null;
        const since = Math.max(startAt, armedSince.get(place) ?? now);
        // An alarm rings when it is time by a right clock.
        const lateMs = now - since - world.clockOffMaxMs;
        return lateMs <= CALLS_MS ? null : `${told(row)} only ${now - since} ms after its time`;
      },
    };
  },
};

import { startOf } from "../../../src/core/schedule/jitter.ts";
import { scheduleId } from "../../../src/core/schedule/spec.ts";
import type { Firing } from "../../../src/flow/ports/schedules.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";
import { told } from "./due-times-are-told.ts";

/** So long before its time a punctual run is accepted, as callers are told. */
export const LEAD_MS = 20_000;
/** What is under way from before has come to an end by then. */
const SETTLED_MS = 180_000;

export const punctualIsAhead: Check = {
  name: "what is due of a punctual schedule is accepted ahead of its time, and nothing else is",
  begin: (world) => ({
    onFiring(row, before) {
      if (row?.trigger !== "rule" || row.startAt === null) return null;
      const spec = world.schedules.schedules.get(scheduleId(row))?.spec;
      if (!spec) return null;
      const plannedAt = startOf({ id: scheduleId(row), ...spec }, row.dueAt);
      if (row.runId !== null) return wrongRun(world, row);
      if (row.outcome !== "armed" || before?.runId) return null;
      const leadMs = spec.punctual ? LEAD_MS : 0;
      if (before?.outcome !== "armed") {
        const byMs = row.startAt - Math.max(plannedAt - leadMs, row.decidedAt);
        return byMs > 2 * world.clockOffMaxMs
          ? `${told(row)} to be started ${byMs} ms after it could be`
          : null;
      }
      const isCalm = world.calmSince !== null && world.time.now() - world.calmSince >= SETTLED_MS;
      const isFree =
        spec.overlap === "allow" &&
        world.organizationLimit === null &&
        world.schedules.pausesOf(scheduleId(row)).length === 0;
      return isCalm && isFree && leadMs > 0 && row.startAt > (before.startAt ?? 0)
        ? `${told(row)}, and was put off with nothing in its way`
        : null;
    },
  }),
};

/** A run has the time of its own that its schedule gives it, or none. */
function wrongRun({ store, schedules }: World, row: Firing): string | null {
  const run = store.runs.get(row.runId ?? "")?.state.run;
  const startsAt = run?.firing?.ahead?.startsAt ?? null;
  if (startsAt === null) return null;
  const id = scheduleId(row);
  const isIts = schedules
    .lately(id, Number.POSITIVE_INFINITY)
    .some(({ punctual, jitterMs }) => punctual && startOf({ id, jitterMs }, row.dueAt) === startsAt);
  return isIts ? null : `run ${row.runId} starts at ${startsAt}, which no punctual schedule says`;
}

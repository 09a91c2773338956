import { METADATA_RUN } from "../../../src/core/machine.ts";
import type { Run } from "../../../src/core/run.ts";
import { type ScheduleKey, scheduleId } from "../../../src/core/schedule/spec.ts";
import type { SimMachine } from "../world/machine.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";
import { told } from "./due-times-are-told.ts";
import { lateCalls } from "./late-calls.ts";

/** From so long before its time on a driver is about to start, and may not ask again. */
const AWAKE_MS = 2000;

export const dueTimesTakenBack: Check = {
  name: "a run that was accepted ahead loses its due time where its schedule was changed or rests, and only there, and then starts no command",
  begin(world) {
    const callsMs = lateCalls(world);
    const takenBack = new Set<string>();
    const seenStarted = new Set<SimMachine>();
    return {
      onFiring(row, before) {
        if (row === null || !before?.runId || row.runId === before.runId) return null;
        takenBack.add(before.runId);
        const run = world.store.runs.get(before.runId)?.state.run;
        if (!run?.firing?.ahead) return `${told(row)}, and had a run that was not ahead of its time`;
        return isAsAccepted(world, run) ? `${told(row)}, and its schedule is as it was` : null;
      },
      afterStep() {
        if (!world.hasSchedules) return null;
        const boundMs = AWAKE_MS + callsMs() + 2 * world.clockOffMaxMs;
        for (const machine of world.platform.machines) {
          if (machine.startedAt === null || !machine.isHeld) continue;
          const run = world.store.runs.get(machine.config.metadata?.[METADATA_RUN] ?? "")?.state.run;
          if (!run?.firing?.ahead) continue;
          if (takenBack.has(run.id)) return `run ${run.id} starts, and its due time was taken back`;
          if (seenStarted.has(machine)) continue;
          seenStarted.add(machine);
          const at = changedAt(world, run);
          const sinceMs = at === null ? 0 : world.time.now() - at;
          if (!isAsAccepted(world, run) && sinceMs > boundMs)
            return `run ${run.id} starts ${sinceMs} ms after its schedule was changed`;
        }
        return null;
      },
    };
  },
};

function keyOf({ orgId, job, firing }: Run): ScheduleKey {
  return { orgId, job: job?.name ?? "", name: firing?.schedule ?? "" };
}

function isAsAccepted({ schedules }: World, run: Run): boolean {
  const schedule = schedules.schedules.get(scheduleId(keyOf(run)));
  if (schedule === undefined || run.job === null) return false;
  return schedule.revision === run.firing?.ahead?.revision && schedules.isInForce(run.orgId, run.job);
}

/**
 * When its schedule was changed last, or began or ended its rest, between a run's acceptance and its time; null where it was not. What comes
 * later does not concern a run whose Machine took long to be made.
 */
function changedAt({ schedules, clockOffMaxMs }: World, run: Run): number | null {
  const id = scheduleId(keyOf(run));
  const [fromMs, toMs] = [
    run.acceptedAt - clockOffMaxMs,
    (run.firing?.ahead?.startsAt ?? Number.POSITIVE_INFINITY) + clockOffMaxMs,
  ];
  const changes = [...schedules.changesOf(id), ...schedules.pausesOf(id)].map(({ trueAt }) => trueAt);
  return changes.toSorted((a, b) => a - b).findLast((at) => fromMs <= at && at <= toMs) ?? null;
}

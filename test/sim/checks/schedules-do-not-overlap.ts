import { METADATA_RUN } from "../../../src/core/machine.ts";
import type { Run } from "../../../src/core/run.ts";
import { scheduleId } from "../../../src/core/schedule/spec.ts";
import { scheduleQueue } from "../../../src/core/turn.ts";
import type { SimMachine } from "../world/machine.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";
import { told } from "./due-times-are-told.ts";
import { newMachines } from "./new-machines.ts";

/** Calls between finding no room and recording so. */
const CALLS_MS = 60_000;

export const schedulesDoNotOverlap: Check = {
  name: "runs of a schedule overlap only where it says so, and a due time is skipped only where another run stands in its way",
  begin(world) {
    const fresh = newMachines(world);
    /** By run: the queues it was last seen in. */
    const queuesOf = new Map<string, string[]>();
    /** By queue: when a run was last seen in it. */
    const lastIn = new Map<string, number>();
    const note = (id: string) => {
      for (const queue of queuesOf.get(id) ?? []) lastIn.set(queue, world.time.now());
    };
    return {
      onChange({ state: { run } }) {
        if (!world.hasSchedules) return null;
        const isNew = !queuesOf.has(run.id);
        note(run.id);
        queuesOf.set(
          run.id,
          run.tickets.map(({ queue }) => queue),
        );
        note(run.id);
        return isNew ? wrongOverlap(world, run) : null;
      },
      onFiring(row) {
        if (row?.outcome !== "skipped") return null;
        for (const id of queuesOf.keys()) note(id);
        const agoMs = world.time.now() - (lastIn.get(scheduleQueue(row.job, row.name)) ?? 0);
        return agoMs <= CALLS_MS ? null : `${told(row)}, and no other run was there`;
      },
      afterStep() {
        for (const machine of fresh()) {
          const own = world.store.runs.get(runOf(machine))?.state.run;
          const beside = own && exclusive(own) ? world.platform.machines.filter(isAtWork).map(runOf) : [];
          const other = beside.find((id) => id !== own?.id && own && isOfSameSchedule(world, id, own));
          if (other) return `run ${own?.id} has a machine beside that of run ${other} of its schedule`;
        }
        return null;
      },
    };
  },
};

function wrongOverlap(world: World, { id, orgId, job, firing }: Run): string | null {
  if (job === null || firing?.overlap !== "allow") return null;
  const specs = world.schedules.lately(scheduleId({ orgId, job: job.name, name: firing.schedule }), CALLS_MS);
  return specs.some(({ overlap }) => overlap === "allow") ? null : `run ${id} may overlap, and was not to`;
}

function exclusive({ firing }: Run): boolean {
  return firing !== null && firing.overlap !== "allow";
}

function isOfSameSchedule(world: World, id: string, own: Run): boolean {
  const run = world.store.runs.get(id)?.state.run;
  if (!run || !exclusive(run)) return false;
  return run.job?.name === own.job?.name && run.firing?.schedule === own.firing?.schedule;
}

/** One whose command has not begun yet can still begin. */
function isAtWork({ isAlive, end }: SimMachine): boolean {
  return isAlive && end === null;
}

function runOf(machine: SimMachine): string {
  return machine.config.metadata?.[METADATA_RUN] ?? "";
}

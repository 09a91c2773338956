import type { Check } from "./check.ts";

export const releasedMeansGone: Check = {
  name: "a run that has nothing left to do, and an attempt that another may follow, has no machine left",
  begin: (world) => ({
    onChange({ state: { run, attempts } }) {
      const left = attempts.find(
        (attempt) => attempt.releasedAt !== null && world.machineOf(attempt)?.isAlive,
      );
      if (left) return `attempt ${left.number} of run ${run.id} was released before its machine was gone`;
      if (run.open) return null;
      const alive = world.platform.machinesOf(run.id).find(({ isAlive }) => isAlive);
      return alive ? `run ${run.id} was closed while its machine ${alive.id} is ${alive.state}` : null;
    },
    atEnd() {
      for (const { state } of world.store.runs.values()) {
        const alive = world.platform.machinesOf(state.run.id).find(({ isAlive }) => isAlive);
        if (alive) return `machine ${alive.id} of run ${state.run.id} is left over, ${alive.state}`;
      }
      return null;
    },
  }),
};

import type { Check } from "./check.ts";

export const releasedMeansGone: Check = {
  name: "a run that has nothing left to do has no machine left",
  begin: (world) => ({
    onChange({ state: { run } }) {
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

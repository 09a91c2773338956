import type { Check } from "./check.ts";

export const everythingEnds: Check = {
  name: "every run that was answered is stored, and every stored run ends and is closed",
  begin: ({ store, orders }) => ({
    atEnd() {
      for (const { answers } of orders)
        for (const id of answers) if (!store.runs.has(id)) return `run ${id} was answered and is not stored`;
      for (const { state } of store.runs.values())
        if (state.run.open) return `run ${state.run.id} is still ${state.run.status} and open`;
      return null;
    },
  }),
};

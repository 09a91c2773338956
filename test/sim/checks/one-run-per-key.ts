import type { Check } from "./check.ts";

export const oneRunPerKey: Check = {
  name: "submissions with one key are one run",
  begin: ({ store, orders }) => ({
    atEnd() {
      for (const { key, runIds, answers, number } of orders) {
        if (key === null) continue;
        const stored = runIds.filter((id) => store.runs.has(id));
        if (stored.length > 1) return `order ${number} with a key is stored as ${stored.join(" and ")}`;
        const others = answers.filter((id) => id !== stored[0]);
        if (others.length > 0)
          return `order ${number} with a key was answered with ${others.join(" and ")}, too`;
      }
      return null;
    },
  }),
};

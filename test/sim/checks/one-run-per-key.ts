import { scheduleId } from "../../../src/core/schedule/spec.ts";
import type { Check } from "./check.ts";

export const oneRunPerKey: Check = {
  name: "submissions with one key are one run",
  begin: ({ store, orders, schedules }) => ({
    atEnd() {
      // Callers run a schedule once, and ask under its key until they have an answer.
      const asked = [...schedules.ledger.values()].filter(({ trigger }) => trigger === "run_now");
      const ids = asked.map(scheduleId);
      const twice = ids.find((id, index) => ids.indexOf(id) !== index);
      if (twice) return `${twice} was run now once, and its ledger has more of that`;
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

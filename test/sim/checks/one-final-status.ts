import { isFinal } from "../../../src/core/run.ts";
import type { Check } from "./check.ts";

export const oneFinalStatus: Check = {
  name: "a run has exactly one final status, which nothing changes",
  begin() {
    const outcomes = new Map<string, string>();
    return {
      onChange({ state: { run }, events }) {
        const settled = events.filter(({ event }) => event.type === "settled").length;
        if (settled !== (isFinal(run.status) ? 1 : 0))
          return `run ${run.id} is ${run.status} and was settled ${settled} times`;
        if (!isFinal(run.status)) return null;
        const outcome = JSON.stringify([
          run.status,
          run.reason,
          run.detail,
          run.exit,
          run.output,
          run.settledAt,
        ]);
        const before = outcomes.get(run.id) ?? outcome;
        outcomes.set(run.id, before);
        return before === outcome ? null : `run ${run.id} ended as ${before} and then as ${outcome}`;
      },
    };
  },
};

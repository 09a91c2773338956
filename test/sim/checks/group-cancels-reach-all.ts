import { isFinal } from "../../../src/core/run.ts";
import type { Check } from "./check.ts";

export const groupCancelsReachAll: Check = {
  name: "a cancel by a filter asks every run to end that was there and fits, and names those that it has asked",
  begin({ groupCancels, store }) {
    let seen = 0;
    return {
      afterStep() {
        for (; seen < groupCancels.length; seen++) {
          const { group, there, asked } = groupCancels[seen] as (typeof groupCancels)[number];
          const stateOf = (id: string) => store.runs.get(id)?.state.run;
          const missed = there.find((id) => {
            const run = stateOf(id);
            return run && run.cancelRequestedAt === null && !isFinal(run.status);
          });
          if (missed) return `run ${missed} of group ${group} was not asked to end`;
          const unasked = asked.find(
            (id) => stateOf(id)?.cancelRequestedAt === null || stateOf(id)?.spec.tags.group !== group,
          );
          if (unasked)
            return `run ${unasked} is named as asked to end by the cancel of ${group}, and was not`;
        }
        return null;
      },
    };
  },
};

import { acceptRun, applyEvents } from "../../../src/core/lifecycle.ts";
import type { RunState } from "../../../src/core/run.ts";
import type { Check } from "./check.ts";

export const eventsFoldToTheRow: Check = {
  name: "folding a run's events, numbered from 1, rebuilds its row",
  begin: () => ({
    onChange({ state, events }) {
      const { id, orgId } = state.run;
      const misplaced = events.findIndex(({ seq }, index) => seq !== index + 1);
      if (misplaced >= 0) return `run ${id}: event ${misplaced + 1} has the number ${events[misplaced]?.seq}`;
      const [accepted, ...rest] = events.map(({ event }) => event);
      if (accepted?.type !== "accepted") return `run ${id} does not begin with its acceptance`;
      const folded = applyEvents(acceptRun(id, orgId, accepted), rest);
      if (folded === null) return `run ${id}: its events can not follow each other`;
      return rowOf(folded) === rowOf(state)
        ? null
        : `run ${id}: events give\n${rowOf(folded)}\nand the row is\n${rowOf(state)}`;
    },
  }),
};

/** Without the time of the first output, which is no event's but its chunk's. */
function rowOf({ run, attempts }: RunState): string {
  return JSON.stringify({ run, attempts: attempts.map((attempt) => ({ ...attempt, firstOutputAt: null })) });
}

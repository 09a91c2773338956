import { formatPosition, isAfter } from "../../../src/core/output.ts";
import type { Check } from "./check.ts";

export const followersSeeItAll: Check = {
  name: "a follower is told each piece of output once and in order, and the outcome after all of it",
  begin: ({ store, orders }) => ({
    atEnd() {
      for (const { followed, answers, number } of orders) {
        const run = store.runs.get(answers[0] ?? "");
        if (!run) continue;
        for (const told of followed) {
          const pieces = told.flatMap((next) => (next.kind === "output" ? [formatPosition(next.chunk)] : []));
          const stored = run.chunks.toSorted((a, b) => (isAfter(a, b) ? 1 : -1)).map(formatPosition);
          if (pieces.some((piece, index) => piece !== stored[index]))
            return `a follower of order ${number} was told the pieces ${pieces.join(", ")}`;
          const last = told.at(-1);
          if (last?.kind !== "end") continue;
          if (run.state.run.output.complete && pieces.length !== run.chunks.length)
            return `a follower of order ${number} was told ${pieces.length} of ${run.chunks.length} pieces before the end`;
          if (last.state.run.status !== run.state.run.status)
            return `a follower of order ${number} was told ${last.state.run.status}, which is ${run.state.run.status}`;
        }
      }
      return null;
    },
  }),
};

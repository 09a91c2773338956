import type { Check } from "./check.ts";

export const followersSeeItAll: Check = {
  name: "a follower is told each piece of output once and in order, and the outcome after all of it",
  begin: ({ store, orders }) => ({
    atEnd() {
      for (const { followed, answers, number } of orders) {
        const run = store.runs.get(answers[0] ?? "");
        if (!run) continue;
        for (const told of followed) {
          const pieces = told.flatMap((next) => (next.kind === "output" ? [next.chunk.seq] : []));
          if (pieces.some((seq, index) => seq !== index + 1))
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

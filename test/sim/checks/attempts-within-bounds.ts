import type { Check } from "./check.ts";

/** Nothing plans a second attempt yet. */
const ATTEMPTS_MAX = 1;

export const attemptsWithinBounds: Check = {
  name: "a run has no more attempts than it may, numbered from 1",
  begin: () => ({
    onChange({ state: { run, attempts } }) {
      if (attempts.length > ATTEMPTS_MAX) return `run ${run.id} has ${attempts.length} attempts`;
      const misplaced = attempts.find(({ number }, index) => number !== index + 1);
      return misplaced ? `run ${run.id} has an attempt ${misplaced.number} out of order` : null;
    },
  }),
};

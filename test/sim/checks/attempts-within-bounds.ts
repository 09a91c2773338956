import type { RetryPolicy } from "../../../src/core/run-spec.ts";
import { PURSES, type Purse, purseOf } from "./book-of-retries.ts";
import type { Check } from "./check.ts";

/** Failures of a run that may be paid from each purse. */
const bounds = ({ attempts }: RetryPolicy): Record<Purse, number> => ({
  job: attempts,
  platform: 5,
  room: 40,
});

export const attemptsWithinBounds: Check = {
  name: "a run has no more attempts than it may, numbered from 1, and nobody's failures are paid by others",
  begin: () => ({
    onChange({ state: { run, attempts } }) {
      const misplaced = attempts.find(({ number }, index) => number !== index + 1);
      if (misplaced) return `run ${run.id} has an attempt ${misplaced.number} out of order`;
      const most = bounds(run.spec.retry);
      for (const purse of PURSES) {
        const failures = attempts.filter((attempt) => attempt.next !== null && purseOf(attempt) === purse);
        // Each of these was followed by another attempt, so that one more may fail.
        if (failures.length >= most[purse])
          return `run ${run.id} goes on after ${failures.length} failures of the ${purse}, of which ${most[purse]} are allowed`;
      }
      const followed = attempts.filter(({ next }) => next !== null).length;
      return attempts.length > followed + 1
        ? `run ${run.id} has ${attempts.length} attempts, ${followed} of which failed`
        : null;
    },
  }),
};

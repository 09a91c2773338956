import type { Run } from "../../../src/core/run.ts";
import type { LaunchTaking } from "../world/recording-store.ts";
import { AHEAD_MAX_MS, launchesFree } from "./book-of-launches.ts";
import type { Check } from "./check.ts";

export const launchesGoByRank: Check = {
  name: "no run takes a launch that one of better rank in line could have had, nor one that lies far ahead",
  begin({ store }) {
    let seen = 0;
    return {
      afterStep() {
        for (; seen < store.takings.length; seen++) {
          const wrong = wrongOf(store.takings[seen] as LaunchTaking);
          if (wrong) return wrong;
        }
        return null;
      },
    };
  },
};

/** An attempt that was planned before has had its turn in line. */
function wrongOf({ run, inLine, paces, intervalMs, nowMs, at }: LaunchTaking): string | null {
  if (run === null) return null;
  const before = inLine.filter((other) => isBefore(other, run)).map(({ id }) => id);
  const free = launchesFree(paces, intervalMs, nowMs);
  if (before.length >= free) return `run ${run.id} takes one of ${free} before ${before.join(", ")}`;
  return at > nowMs + AHEAD_MAX_MS ? `run ${run.id} takes one that is ${at - nowMs} ms ahead` : null;
}

/** The highest priority goes first, and of equals who came first. */
function isBefore(one: Run, other: Run): boolean {
  if (one.spec.priority !== other.spec.priority) return one.spec.priority > other.spec.priority;
  return one.id < other.id;
}

import type { World } from "../world/world.ts";

/** Some calls one after the other, none of them late. */
const IN_TIME_MS = 5000;
/** The same where each of them can be late. */
const LATE_MS = 60_000;

/** How long ago what somebody acts upon may have been read. To be asked after each step. */
export function lateCalls({ chance, time }: World): () => number {
  let seen = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  return () => {
    for (; seen < chance.faults.length; seen++)
      if (chance.faults[seen]?.startsWith("late ")) lastAt = time.now();
    return time.now() - lastAt < LATE_MS ? LATE_MS : IN_TIME_MS;
  };
}

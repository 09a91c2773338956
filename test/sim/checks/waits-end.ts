import { isFinal } from "../../../src/core/run.ts";
import type { StoredRun } from "../../support/memory-store.ts";
import type { World } from "../world/world.ts";
import { wantsSince } from "./book-of-retries.ts";
import type { Check } from "./check.ts";

/** For what a driver that is woken each minute needs to hear that a wait is over, by calls that are repeated each half a minute. */
const SLACK_MS = 180_000;

export const waitsEnd: Check = {
  name: "no run waits for a machine, for its start or for its next attempt longer than it may",
  begin(world) {
    /** By run: until when it may be where it is, by the worker's clock. */
    const untils = new Map<string, number>();
    return {
      onChange(stored) {
        untils.set(stored.state.run.id, untilOf(stored));
        return null;
      },
      afterStep() {
        for (const [id, until] of untils) {
          const pastMs = world.time.now() - startOfPatience(world, until);
          if (pastMs <= SLACK_MS + 2 * world.clockOffMaxMs) continue;
          return `run ${id} is still ${world.store.runs.get(id)?.state.run.status} ${pastMs} ms after it should not be`;
        }
        return null;
      },
    };
  },
};

/** While it storms nobody may be there to see that a wait is over. */
function startOfPatience(world: World, until: number): number {
  return Math.max(until, world.calmSince ?? Infinity);
}

function untilOf({ state, events }: StoredRun): number {
  const { run, attempts } = state;
  const last = attempts.at(-1);
  if (isFinal(run.status) || last === undefined) return Infinity;
  const { queueMs, bootMs } = run.spec.timeouts;
  const isRetrying = last.next !== null;
  // Nothing but its time is waited for, unless it stands in line for a launch then.
  if (isRetrying && last.releasedAt !== null && run.tickets.every(({ held }) => held))
    return last.next?.at ?? Infinity;
  if (isRetrying || last.machineId === null) return wantsSince(events.map(({ event }) => event)) + queueMs;
  const bootsSince = Math.max(last.createdAt ?? last.createAskedAt, last.machineConfig.startsAt ?? 0);
  return last.startedAt === null ? bootsSince + bootMs : Infinity;
}

import type { Run } from "../../../src/core/run.ts";
import type { World } from "../world/world.ts";
import { waitsUntil } from "./book-of-turns.ts";
import type { Check } from "./check.ts";

/** For a sweep to call whoever is next, by calls that are repeated each half a minute. */
const SLACK_MS = 180_000;

export const queuesGoOn: Check = {
  name: "no slot is free for long while somebody waits for it, and nobody waits longer than it may",
  begin(world) {
    /** By run that is the next and has room: since when. */
    const since = new Map<string, number>();
    return {
      afterStep() {
        if (world.calmSince === null) return null;
        const now = world.time.now();
        const late = expired(world, now);
        if (late) return late;
        const next = new Set(nextRuns(world));
        for (const id of since.keys()) if (!next.has(id)) since.delete(id);
        for (const id of next) {
          const from = since.get(id) ?? now;
          since.set(id, from);
          if (now - from > SLACK_MS)
            return `run ${id} has been the next for ${now - from} ms, and there is room`;
        }
        return null;
      },
      atEnd() {
        for (const { state } of world.store.runs.values())
          if (!state.run.open && state.run.tickets.length > 0)
            return `run ${state.run.id} is over and has tickets`;
        return null;
      },
    };
  },
};

/** Heads of lines with room, worked out from all rows. */
function nextRuns(world: World): string[] {
  const runs = [...world.store.runs.values()].map(({ state }) => state.run);
  const waits = (run: Run) => run.tickets.find(({ held }) => !held) ?? null;
  return runs.flatMap((run) => {
    const ticket = waits(run);
    if (ticket === null) return [];
    const held = runs.filter(({ tickets }) => tickets.some((one) => one.held && one.queue === ticket.queue));
    const before = runs.some(
      (other) =>
        waits(other)?.queue === ticket.queue &&
        (other.spec.priority > run.spec.priority ||
          (other.spec.priority === run.spec.priority && other.id < run.id)),
    );
    return held.length < ticket.limit && !before ? [run.id] : [];
  });
}

function expired(world: World, now: number): string | null {
  for (const { state } of world.store.runs.values()) {
    const { id, status } = state.run;
    if (status !== "queued") continue;
    const until = Math.max(waitsUntil(state.run), world.calmSince ?? now);
    const pastMs = now - until;
    if (pastMs > SLACK_MS + 2 * world.clockOffMaxMs) return `run ${id} waits ${pastMs} ms after it expired`;
  }
  return null;
}

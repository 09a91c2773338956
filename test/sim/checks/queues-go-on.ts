import type { Run } from "../../../src/core/run.ts";
import type { World } from "../world/world.ts";
import { launchesFree } from "./book-of-launches.ts";
import { waitsUntil } from "./book-of-turns.ts";
import type { Check } from "./check.ts";

/** For a sweep to call whoever is next, by calls that are repeated each half a minute. */
const SLACK_MS = 180_000;

export const queuesGoOn: Check = {
  name: "no slot, and no launch, is free for long while somebody waits for it, and nobody waits longer than it may",
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
  const { apps, perSecond } = world.launches;
  const paces = apps.map((app) => world.store.paces.get(app) ?? null);
  const areLaunchesFree =
    perSecond === 0 || launchesFree(paces, Math.ceil(1000 / perSecond), world.workerClock.now()) > 0;
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
    const hasRoom = ticket.queue === "launches" ? areLaunchesFree : held.length < ticket.limit;
    return hasRoom && !before ? [run.id] : [];
  });
}

function expired(world: World, now: number): string | null {
  for (const { state } of world.store.runs.values()) {
    const { id, status, tickets, spec } = state.run;
    if (status !== "queued") continue;
    // With all its slots it waits for a machine, and no more for its turn.
    const launch = tickets.find(({ queue }) => queue === "launches");
    const mayUntil = launch ? launch.since + spec.timeouts.queueMs : waitsUntil(state.run);
    const until = Math.max(mayUntil, world.calmSince ?? now);
    const pastMs = now - until;
    if (pastMs > SLACK_MS + 2 * world.clockOffMaxMs) return `run ${id} waits ${pastMs} ms after it expired`;
  }
  return null;
}

/** Plays one seed to its end, looking after every step whether all still holds. */

import type { Firing } from "../../src/flow/ports/schedules.ts";
import type { StoredRun } from "../support/memory-store.ts";
import { Chance } from "./chance.ts";
import type { Watch } from "./checks/check.ts";
import { CHECKS } from "./checks/index.ts";
import { Plot } from "./world/plot.ts";
import { World } from "./world/world.ts";

/** After the storm, for limits that pass one after the other in each of some attempts, the runner's linger, and sweeps in between. */
const CALM_MAX_MS = 4 * 60 * 60_000;
/** Things that happen in one seed; a run takes some hundreds. */
const STEPS_MAX = 50_000;

export interface Played {
  seed: number;
  steps: number;
  /** Faults that came about, in order. */
  faults: string[];
  trace: string[];
  /** Null where everything held. */
  violation: { check: string; what: string } | null;
}

/** @param without faults that do not come about in this play */
export async function simulate(seed: number, without: ReadonlySet<string> = new Set()): Promise<Played> {
  const chance = new Chance(seed, without);
  const world = new World(chance);
  const plot = new Plot(world);
  const watches = CHECKS.map((check) => ({ check: check.name, watch: check.begin(world) }));
  const changes = changedRuns(world);
  const firings = changedFirings(world);
  let violation: Played["violation"] = null;
  const ask = (question: (watch: Watch) => string | null | undefined) => {
    for (const { check, watch } of watches) {
      const what = violation === null ? question(watch) : null;
      if (what) violation = { check, what };
    }
  };
  let steps = 0;
  while (violation === null && !isOver(world, plot)) {
    if (!(await world.time.step())) break;
    steps += 1;
    for (const run of changes()) {
      ask((watch) => watch.onChange?.(run));
      plot.afterChange(run);
    }
    for (const [row, before] of firings()) ask((watch) => watch.onFiring?.(row, before));
    ask((watch) => watch.afterStep?.());
    if (steps >= STEPS_MAX) violation = { check: "a seed ends", what: `it goes on after ${steps} steps` };
  }
  ask((watch) => watch.atEnd?.());
  return { seed, steps, faults: chance.faults, trace: world.trace.lines, violation };
}

/** Nobody wants anything any more, or there was time enough. */
function isOver(world: World, plot: Plot): boolean {
  if (world.calmSince === null) return false;
  if (world.time.now() - world.calmSince > CALM_MAX_MS) return true;
  if (!plot.isOver || world.platform.machines.some(({ isAlive }) => isAlive)) return false;
  for (const { state } of world.store.runs.values()) if (state.run.open) return false;
  return true;
}

/** The runs whose row, events or output are others than when it was last asked. */
function changedRuns(world: World): () => StoredRun[] {
  const seen = new Map<StoredRun, { state: unknown; chunks: number }>();
  return () =>
    [...world.store.runs.values()].filter((run) => {
      const before = seen.get(run);
      if (before?.state === run.state && before.chunks === run.chunks.length) return false;
      seen.set(run, { state: run.state, chunks: run.chunks.length });
      const { id, status, settledAt, reason } = run.state.run;
      const last = run.events.at(-1);
      const failed = last?.event.type === "attempt_failed" ? ` for ${last.event.reason}` : "";
      const ending = settledAt === null ? "" : ` for ${reason ?? "nothing"}`;
      world.trace.say(
        `run ${id} has ${last?.seq} events, the last ${last?.event.type}${failed}, and ${run.chunks.length} chunks; it is ${status}${ending}`,
      );
      return true;
    });
}

/** The rows of the ledger that are others than when it was last asked, each with what it was before. */
function changedFirings(world: World): () => [Firing | null, Firing | null][] {
  let seen = new Map<string, Firing>();
  const { ledger } = world.schedules;
  return () => {
    const changed: [Firing | null, Firing | null][] = [];
    for (const [key, row] of ledger) {
      const before = seen.get(key) ?? null;
      if (before === row) continue;
      const { job, name, dueAt, outcome, startAt, runId } = row;
      const what = outcome === "armed" ? `armed to start at ${startAt}` : outcome;
      world.trace.say(`${job}/${name} due at ${dueAt} is ${what}${runId ? ` with ${runId}` : ""}`);
      changed.push([row, before]);
    }
    for (const [key, before] of seen) if (!ledger.has(key)) changed.push([null, before]);
    if (changed.length > 0) seen = new Map(ledger);
    return changed;
  };
}

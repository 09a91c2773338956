/** Sweep: the minute's look at every run that has something left to do and whose last news is not fresh. */

import { SWEEP_MAX_RUNS, SWEEP_MAX_WAKES, SWEEP_QUIET_MS } from "../core/limits.ts";
import type { Clock, Drivers, Store } from "./ports.ts";

export interface SweepReport {
  woken: number;
  failed: number;
}

/**
 * Wakes the drivers of quiet open runs, in pages, until all are done or as many as one call may; then the next sweep goes on
 * there. A driver at work answers at once; one that was lost goes on from what is stored.
 */
export async function sweep(ports: { store: Store; drivers: Drivers; clock: Clock }): Promise<SweepReport> {
  const { store, drivers, clock } = ports;
  const quietSince = clock.now() - SWEEP_QUIET_MS;
  const report = { woken: 0, failed: 0 };
  const brokeOffAt = await store.sweepCursor();
  let after = brokeOffAt;
  let pages = SWEEP_MAX_WAKES / SWEEP_MAX_RUNS;
  for (; pages > 0; pages--) {
    const runIds = await store.openRuns(after, quietSince, SWEEP_MAX_RUNS);
    const results = await Promise.allSettled(runIds.map((runId) => drivers.wake(runId)));
    report.woken += results.filter((result) => result.status === "fulfilled").length;
    report.failed += results.filter((result) => result.status === "rejected").length;
    const last = runIds.length < SWEEP_MAX_RUNS ? undefined : runIds.at(-1);
    after = last ?? "";
    if (last === undefined) break;
  }
  if (after !== brokeOffAt) await store.keepSweepCursor(after, clock.now());
  return report;
}

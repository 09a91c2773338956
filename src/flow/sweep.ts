/** Sweep: the minute's look at every run that has something left to do and whose last news is not fresh. */

import { SWEEP_MAX_RUNS, SWEEP_QUIET_MS } from "../core/limits.ts";
import type { Clock, Drivers, Store } from "./ports.ts";

export interface SweepReport {
  woken: number;
  failed: number;
}

/**
 * Wakes the drivers of quiet open runs, in bounded pages until all are done. A driver at work answers at once; one that
 * was lost goes on from what is stored.
 */
export async function sweep(ports: { store: Store; drivers: Drivers; clock: Clock }): Promise<SweepReport> {
  const quietSince = ports.clock.now() - SWEEP_QUIET_MS;
  const report = { woken: 0, failed: 0 };
  let after = "";
  while (true) {
    const runIds = await ports.store.openRuns(after, quietSince, SWEEP_MAX_RUNS);
    const results = await Promise.allSettled(runIds.map((runId) => ports.drivers.wake(runId)));
    report.woken += results.filter((result) => result.status === "fulfilled").length;
    report.failed += results.filter((result) => result.status === "rejected").length;
    const last = runIds.at(-1);
    if (last === undefined || runIds.length < SWEEP_MAX_RUNS) return report;
    after = last;
  }
}

/** Sweep: the minute's look at every run that has something left to do and whose last news is not fresh, and at the head of every line. */

import { messageOf } from "../core/error.ts";
import {
  SWEEP_MAX_HEADS,
  SWEEP_MAX_LAUNCHES,
  SWEEP_MAX_QUEUES,
  SWEEP_MAX_RUNS,
  SWEEP_MAX_WAKES,
  SWEEP_QUIET_MS,
} from "../core/limits.ts";
import type { Launches } from "./ports/launches.ts";
import type { Clock, Drivers, QueueHeads, Store } from "./ports.ts";

export interface SweepPorts {
  store: Store;
  drivers: Drivers;
  clock: Clock;
  launches: Pick<Launches, "next">;
  orgId: string;
  organizationLimit: number | null;
}

export interface SweepReport {
  woken: number;
  failed: number;
  /** Slots and places in line of runs that are over. */
  freed: number;
  /** What broke off the look at the runs, that at the queues, or that at the line for launches. */
  problems: string[];
}

/**
 * Wakes the drivers of quiet open runs, and calls the heads of the queues, in pages, until all are done or as many as one call
 * may; then the next sweep goes on there. A driver at work answers at once; one that was lost goes on from what is stored.
 * Queues that can not be read keep no run from being woken, nor the other way round.
 * @param quietMs runs whose last news is younger are left to their drivers; with 0 all runs are looked at, from the first on
 */
export async function sweep(ports: SweepPorts, quietMs: number = SWEEP_QUIET_MS): Promise<SweepReport> {
  const report: SweepReport = { woken: 0, failed: 0, freed: 0, problems: [] };
  const { runs, queues } = await ports.store.sweepCursors();
  for (const [what, look] of [
    ["runs", () => wakeQuiet(ports, runs, quietMs, report)],
    ["queues", () => callHeads(ports, queues, report)],
    ["launches", () => callForLaunches(ports, report)],
  ] as const)
    await look().catch((error) => report.problems.push(`${what}: ${messageOf(error)}`));
  return report;
}

async function wakeQuiet(
  { store, drivers, clock }: SweepPorts,
  brokeOffAt: string,
  quietMs: number,
  report: SweepReport,
): Promise<void> {
  const quietSince = clock.now() - quietMs;
  // Who looks at all of them begins with the first, wherever an earlier sweep broke off.
  let after = quietMs === 0 ? "" : brokeOffAt;
  for (let pages = SWEEP_MAX_WAKES / SWEEP_MAX_RUNS; pages > 0; pages--) {
    const { runIds, nextAfter } = await store.openRuns(after, quietSince, SWEEP_MAX_RUNS);
    count(report, await Promise.allSettled(runIds.map((runId) => drivers.wake(runId))));
    after = nextAfter ?? "";
    if (after === "") break;
  }
  if (after !== brokeOffAt) await store.keepSweepCursor("runs", after, clock.now());
}

/** Calls the next run of each queue that has room for it: whoever made the room may have died before it said so. */
async function callHeads(
  { store, drivers, clock, orgId, organizationLimit }: SweepPorts,
  brokeOffAt: string,
  report: SweepReport,
): Promise<void> {
  let after = brokeOffAt;
  for (let pages = SWEEP_MAX_HEADS / SWEEP_MAX_QUEUES; pages > 0; pages--) {
    report.freed += await store.dropLeftTickets(orgId, after, SWEEP_MAX_QUEUES);
    const heads: QueueHeads = await store.queueHeads(orgId, after, SWEEP_MAX_QUEUES, organizationLimit);
    count(report, await Promise.allSettled(heads.runIds.map((runId) => drivers.nudge(runId))));
    after = heads.nextAfter ?? "";
    if (after === "") break;
  }
  if (after !== brokeOffAt) await store.keepSweepCursor("queues", after, clock.now());
}

/** Calls those in line for whom launches are free, and the first in any case: its driver may have died with the alarm that it was to set. */
async function callForLaunches(
  { launches, drivers, clock, orgId }: SweepPorts,
  report: SweepReport,
): Promise<void> {
  const next = await launches.next(clock.now(), orgId, SWEEP_MAX_LAUNCHES);
  count(report, await Promise.allSettled(next.map((runId) => drivers.nudge(runId))));
}

function count(report: SweepReport, results: PromiseSettledResult<void>[]): void {
  report.woken += results.filter(({ status }) => status === "fulfilled").length;
  report.failed += results.filter(({ status }) => status === "rejected").length;
}

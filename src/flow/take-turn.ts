/**
 * Take turn: get a slot in each queue that the run has to pass, or a place in its line. Whether there is room is decided by the
 * store, in the same write that takes the slot.
 */

import { RunIsFinal } from "../core/error.ts";
import { SUPERSEDE_MAX_RUNS } from "../core/limits.ts";
import { endsOlder, pendingQueues, waysIn } from "../core/turn.ts";
import { cancel } from "./cancel.ts";
import type { Drive } from "./drive.ts";
import { type Findings, type FlowPorts, nothingNew } from "./flow.ts";
import { launchOfTurn } from "./launches.ts";

export async function takeTurn(ports: FlowPorts, drive: Drive, until: number): Promise<Findings> {
  const now = ports.clock.now();
  const launch = await launchOfTurn(ports, drive.state, now);
  for (const events of waysIn(drive.state, ports, now, launch))
    if ((await drive.rememberSlots(ports, events)) !== "no_room") return nothingNew(0);
  if (await endOlderRuns(ports, drive)) return nothingNew(0);
  // Whoever leaves the queue, or gets further in it, calls the next.
  return nothingNew(Math.max(1, until - ports.clock.now()));
}

/**
 * Asks older runs of the key, or of the schedule, to cancel, as many as stand in this one's way, where it is to take their place. It goes by what is
 * stored, so whoever drives the run later does what was not done. True where there may be more of them than one step asks.
 */
async function endOlderRuns(ports: FlowPorts, { state }: Drive): Promise<boolean> {
  const { run } = state;
  const [stop] = pendingQueues(run, ports.organizationLimit);
  if (stop === undefined || !endsOlder(run, stop.queue)) return false;
  // With this run they are as many as there are slots.
  const spared = stop.limit - 1;
  const older = await ports.store.olderInQueue(run, stop.queue, spared, SUPERSEDE_MAX_RUNS);
  await Promise.all(older.map((runId) => askToCancel(ports, runId, run.id)));
  return older.length === SUPERSEDE_MAX_RUNS;
}

async function askToCancel(ports: FlowPorts, runId: string, supersededBy: string): Promise<void> {
  try {
    await cancel(ports, runId, supersededBy);
  } catch (error) {
    // One that is over gives its slot back by itself.
    if (!(error instanceof RunIsFinal)) throw error;
  }
}

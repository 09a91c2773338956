/**
 * Call next: whoever gives a slot back, takes one, gets a launch or leaves a line tells the run that is the next there. It is a hint;
 * one that is lost is made good by the sweep, within a minute.
 */

import { LAUNCH_CALLS_MAX } from "../core/limits.ts";
import type { RunState } from "../core/run.ts";
import { movedQueues } from "../core/ticket.ts";
import { LAUNCH_QUEUE } from "../core/turn.ts";
import type { Launches } from "./ports/launches.ts";
import type { Clock, Drivers, Store } from "./ports.ts";

export interface CallNextPorts {
  store: Pick<Store, "nextInQueue">;
  launches: Pick<Launches, "next">;
  clock: Clock;
  drivers: Pick<Drivers, "nudge">;
  organizationLimit: number | null;
}

/** @param after what the run's tickets have come to since `before` */
export async function callNext(ports: CallNextPorts, before: RunState, after: RunState): Promise<void> {
  for (const queue of movedQueues(before.run, after.run)) {
    const next = await nextIn(ports, after.run.orgId, queue).catch(() => []);
    const others = next.filter((runId) => runId !== after.run.id);
    await Promise.allSettled(others.map((runId) => ports.drivers.nudge(runId)));
  }
}

async function nextIn(ports: CallNextPorts, orgId: string, queue: string): Promise<string[]> {
  if (queue === LAUNCH_QUEUE) return ports.launches.next(ports.clock.now(), orgId, LAUNCH_CALLS_MAX);
  const next = await ports.store.nextInQueue(orgId, queue, ports.organizationLimit);
  return next === null ? [] : [next];
}

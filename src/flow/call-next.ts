/**
 * Call next: whoever gives a slot back, takes one or leaves a line tells the run that is the next there. It is a hint; one that is
 * lost is made good by the sweep, within a minute.
 */

import type { RunState } from "../core/run.ts";
import { movedQueues } from "../core/ticket.ts";
import type { Drivers, Store } from "./ports.ts";

export interface CallNextPorts {
  store: Pick<Store, "nextInQueue">;
  drivers: Pick<Drivers, "nudge">;
  organizationLimit: number | null;
}

/** @param after what the run's tickets have come to since `before` */
export async function callNext(ports: CallNextPorts, before: RunState, after: RunState): Promise<void> {
  const { orgId } = after.run;
  for (const queue of movedQueues(before.run, after.run)) {
    const next = await ports.store.nextInQueue(orgId, queue, ports.organizationLimit).catch(() => null);
    if (next !== null && next !== after.run.id) await ports.drivers.nudge(next).catch(() => undefined);
  }
}

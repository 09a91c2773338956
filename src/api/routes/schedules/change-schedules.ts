/** What a call changes of schedules counts from the next due time on, and not from the next minute. */

import { callAhead } from "../../../flow/call-ahead.ts";
import type { StoredSchedule } from "../../../flow/ports/schedules.ts";
import { tickSome } from "../../../flow/tick.ts";
import type { ApiPorts } from "../../ports.ts";

/**
 * Makes a change of a job's schedules, and then decides those that come due soon and calls what was accepted ahead for them. What fails
 * after the change is left to the minute's tick.
 */
export async function changeSchedules<T>(ports: ApiPorts, job: string, change: () => Promise<T>): Promise<T> {
  const { schedules, orgId } = ports;
  // Of one that goes with the change, or is punctual no more, nobody knows after it.
  const before = await schedules.ofJob(orgId, job);
  const changed = await change();
  await follow(ports, job, before).catch((error) =>
    console.error(JSON.stringify({ level: "error", schedules: `${job}: ${String(error)}` })),
  );
  return changed;
}

async function follow(ports: ApiPorts, job: string, before: StoredSchedule[]): Promise<void> {
  await tickSome(ports, await ports.schedules.ofJob(ports.orgId, job));
  await callAhead(ports, before);
}

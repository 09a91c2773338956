/** What a call has changed of schedules counts from the next due time on, and not from the next minute. */

import { callAhead } from "../../../flow/call-ahead.ts";
import { tickSome } from "../../../flow/tick.ts";
import type { ApiPorts } from "../../ports.ts";

/** Decides the schedules of a job that come due soon. What fails here is left to the minute's tick. */
export async function armSchedules(ports: ApiPorts, job: string): Promise<void> {
  try {
    const schedules = await ports.schedules.ofJob(ports.orgId, job);
    await tickSome(ports, schedules);
    await callAhead(ports, schedules);
  } catch (error) {
    console.error(JSON.stringify({ level: "error", schedules: `${job}: ${String(error)}` }));
  }
}

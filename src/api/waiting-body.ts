/** What a run waits for, in the API's words. */

import { rfc3339 as at } from "../core/rfc3339.ts";
import type { Run } from "../core/run.ts";
import type { Ticket } from "../core/ticket.ts";
import { dueAt, expiresAt, isScheduleQueue, keyOfQueue, LAUNCH_QUEUE } from "../core/turn.ts";
import type { ShownPlace } from "../flow/ports.ts";
import type { WaitingBody } from "./waiting-schema.ts";

/** A queue: that of a concurrency key, a schedule's, the organization's, or the line for launches, of which nobody holds a slot. */
export function queueBody({ queue, limit }: { queue: string; limit: number }) {
  if (queue === LAUNCH_QUEUE) return { for: "launch" as const, key: null, limit: null };
  if (isScheduleQueue(queue)) return { for: "schedule" as const, key: null, limit };
  const key = keyOfQueue(queue);
  return { for: key === null ? ("organization" as const) : ("concurrency" as const), key, limit };
}

/** The run's place in line, for a slot or a launch; null where it stands in none. */
export function awaitedTicket({ status, tickets }: Pick<Run, "status" | "tickets">): Ticket | null {
  return status === "queued" || status === "retrying" ? (tickets.find(({ held }) => !held) ?? null) : null;
}

/** @param place null where nobody has counted it */
export function waitingBody(run: Run, place: ShownPlace | null): WaitingBody | null {
  if (run.cancelRequestedAt !== null) return null;
  const ticket = awaitedTicket(run);
  if (ticket !== null) {
    const number = place === null ? null : place.ahead + 1;
    const told = { ...queueBody(ticket), place: number, since: at(ticket.since) };
    if (told.for !== "launch")
      return { ...told, running: place === null ? null : place.held, until: at(expiresAt(run)) };
    // Only who counts the line can tell when; the queue limit would pass for it.
    if (place === null) return { ...told, running: null, until: null };
    const limitAt = run.restsUntil ?? expiresAt(run);
    return { ...told, running: null, until: at(Math.min(limitAt, place.launchAt ?? limitAt)) };
  }
  const nowhere = { key: null, limit: null, place: null, running: null };
  if (run.status === "queued" && dueAt(run) > run.acceptedAt)
    return { for: "run_at", ...nowhere, since: at(run.acceptedAt), until: at(dueAt(run)) };
  if (run.status === "retrying" && run.restsUntil !== null)
    return { for: "retry", ...nowhere, since: at(run.updatedAt), until: at(run.restsUntil) };
  if (run.status === "starting" && run.restsUntil !== null)
    return { for: "launch", ...nowhere, since: at(run.updatedAt), until: at(run.restsUntil) };
  return null;
}

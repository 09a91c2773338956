/** What a run waits for, in the API's words. */

import type { Run } from "../core/run.ts";
import type { Ticket } from "../core/ticket.ts";
import { dueAt, expiresAt, keyOfQueue } from "../core/turn.ts";
import type { Place } from "../flow/ports.ts";
import type { WaitingBody } from "./waiting-schema.ts";

/** A queue: that of a concurrency key, or the organization's. */
export function queueBody({ queue, limit }: { queue: string; limit: number }) {
  const key = keyOfQueue(queue);
  return { for: key === null ? ("organization" as const) : ("concurrency" as const), key, limit };
}

/** The place in line that the run waits for a slot in; null where it waits for none. */
export function awaitedTicket({ status, tickets }: Run): Ticket | null {
  return status === "queued" ? (tickets.find(({ held }) => !held) ?? null) : null;
}

/** @param place null where nobody has counted it */
export function waitingBody(run: Run, place: Place | null): WaitingBody | null {
  if (run.cancelRequestedAt !== null) return null;
  const ticket = awaitedTicket(run);
  if (ticket !== null) {
    const [number, running] = place === null ? [null, null] : [place.ahead + 1, place.held];
    return {
      ...queueBody(ticket),
      place: number,
      running,
      since: at(ticket.since),
      until: at(expiresAt(run)),
    };
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

function at(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

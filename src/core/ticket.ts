/**
 * Tickets: a run's places in queues. A waiting ticket becomes a held slot and is then given back; each of these is part of
 * folding an event, so that a slot is taken and freed once, with the event, whoever records it.
 */

import type { RunEvent } from "./event.ts";
import type { Run, RunState } from "./run.ts";
import { endsOlder, expiresAt, hasOwnSlots } from "./turn.ts";

export interface Ticket {
  /** See `core/turn.ts`. */
  queue: string;
  /** Slots of the queue, as this run has them; 0 in the line for launches, where none is held. */
  limit: number;
  /** True where the run has a slot, false where it waits for one. */
  held: boolean;
  /** Epoch milliseconds since when. */
  since: number;
}

/** The tickets after an event, or null where the event can not be. `after` has the event in all but its tickets. */
export function ticketsAfter(before: Run, event: RunEvent, after: RunState): Ticket[] | null {
  const { tickets } = before;
  switch (event.type) {
    case "slot_awaited":
      return tickets.some(({ queue }) => queue === event.queue) ? null : [...tickets, ticket(event, false)];
    case "slot_taken":
      if (tickets.some(({ queue, held }) => queue === event.queue && held)) return null;
      return [...tickets.filter(({ queue }) => queue !== event.queue), ticket(event, true)];
    case "attempt_planned":
      // A limit that the deployment no longer has is not waited for; a key or a schedule is never without its slot.
      return hasOwnSlots(before) ? kept(tickets, ({ held }) => held) : null;
    case "settled":
      return isOver(after) ? kept(tickets, () => false) : kept(tickets, ({ held }) => held);
    case "machine_released":
      return after.run.open ? tickets : kept(tickets, () => false);
    default:
      return tickets;
  }
}

/**
 * True where the command of a settled run runs no more. A run that was given up while its Machine may live keeps its slots until
 * that is known to be gone: two deploys that exclude each other must not overlap because nobody could see the first.
 */
function isOver({ attempts }: RunState): boolean {
  const last = attempts.at(-1);
  return last === undefined || last.exitedAt !== null || last.releasedAt !== null;
}

/** Until when a run that waits for a slot has nothing to do. One that ends others to get it is looked after each minute. */
export function restsInQueue(run: Run, queue: string): number | null {
  return endsOlder(run, queue) ? null : expiresAt(run);
}

/** Queues in which the next run may be let in, or another run is the next: a slot was given back, or somebody left the line, be it with a launch. */
export function movedQueues(before: Run, after: Run): string[] {
  return before.tickets
    .filter(({ queue, held }) => {
      const now = after.tickets.find((ticket) => ticket.queue === queue);
      return now === undefined || (now.held && !held);
    })
    .map(({ queue }) => queue);
}

function ticket({ queue, limit, at }: { queue: string; limit: number; at: number }, held: boolean): Ticket {
  return { queue, limit, held, since: at };
}

/** The same list where nothing of it goes. */
function kept(tickets: Ticket[], stays: (ticket: Ticket) => boolean): Ticket[] {
  return tickets.every(stays) ? tickets : tickets.filter(stays);
}

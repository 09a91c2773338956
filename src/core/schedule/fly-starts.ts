/**
 * What the events of a schedule's Machine tell of its starts. Fly starts the same Machine again and again, so its list of events, newest
 * first, has several lives one after the other: each begins with `start/started` and goes on until the next `start`.
 */

import type { Machine, MachineEvent } from "../machine.ts";

/** Times of the starts after a moment, oldest first, by the Machine's events. */
export function startsAfter(events: readonly MachineEvent[], seenTo: number): number[] {
  const starts = events.filter((event) => isStarted(event) && event.at > seenTo).map(({ at }) => at);
  return [...new Set(starts)].sort((a, b) => a - b);
}

/**
 * Since when the list tells, where that is later than the last start that was seen: Fly keeps a Machine's last events alone, so what
 * came between is not known. Null where nothing can be missing.
 */
export function toldSince(events: readonly MachineEvent[], seenTo: number): number | null {
  const oldest = events.at(-1);
  // A list that begins with a launch or an update is all that there is since then.
  const isCut = oldest?.type === "start" || oldest?.type === "exit";
  return isCut && oldest.at > seenTo ? oldest.at : null;
}

/** The Machine as it was in one of its lives: `destroyed` once that is over, whatever it does now. */
export function machineOfStart(machine: Machine, startedAt: number): Machine {
  const { events, isOver } = lifeOf(machine.events, startedAt);
  return { ...machine, events, state: isOver ? "destroyed" : machine.state };
}

function lifeOf(
  all: readonly MachineEvent[],
  startedAt: number,
): { events: MachineEvent[]; isOver: boolean } {
  const found = all.findIndex((event) => isStarted(event) && event.at <= startedAt);
  // Its own event may have fallen off the list: then all that is older than the next start is of this one.
  const begin = found < 0 ? all.length : found;
  const next = all.slice(0, begin).findLastIndex(({ type }) => type === "start");
  const boot = all[begin + 1];
  const end = boot?.type === "start" && boot.status === "starting" ? begin + 2 : begin + 1;
  const events = all.slice(next + 1, end);
  return { events, isOver: next >= 0 || events.some(({ exit }) => exit !== null) };
}

function isStarted({ type, status }: MachineEvent): boolean {
  return type === "start" && status === "started";
}

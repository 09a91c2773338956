/**
 * Turn: what an accepted run waits for before its first attempt. The stages come one after the other: its time, a slot of its
 * concurrency key, a slot of the organization, a launch. A run that waits for the organization holds its key's slot meanwhile; since the
 * stages have one order nobody waits in a circle, and who heads one queue holds nobody up in another. A run keeps its slots
 * from then on, also between its attempts.
 */

import type { RunEvent, SlotAwaited } from "./event.ts";
import { dropped } from "./outcome.ts";
import type { Launch } from "./pace.ts";
import { planAttempt } from "./plan.ts";
import type { Run, RunState } from "./run.ts";
import type { RunSpec } from "./run-spec.ts";

/** The queue that all runs of an organization pass where the deployment limits how many may run at once. */
export const ORGANIZATION_QUEUE = "organization";

/**
 * The line of those that have all their slots and no launch yet (`core/pace.ts`). Nobody ever holds a slot of it: whoever gets a
 * launch leaves it with the plan of the attempt.
 */
export const LAUNCH_QUEUE = "launches";

const KEY_PREFIX = "key:";

/** The queue of a concurrency key. */
export function keyQueue(key: string): string {
  return `${KEY_PREFIX}${key}`;
}

/** The key of such a queue; null for that of the organization and that of the launches. */
export function keyOfQueue(queue: string): string | null {
  return queue.startsWith(KEY_PREFIX) ? queue.slice(KEY_PREFIX.length) : null;
}

/** A queue that a run passes, and how many runs it lets in at once. */
export interface Queue {
  queue: string;
  limit: number;
}

/** What the deployment says of turns and first attempts. */
export interface TurnSettings {
  /** Runs of an organization that may run at once; null for no limit. */
  organizationLimit: number | null;
  /** Where machines run unless the run says otherwise. */
  defaultRegion: string | null;
}

/** Epoch milliseconds before which the run is not to start. */
export function dueAt({ acceptedAt, spec }: Pick<Run, "acceptedAt" | "spec">): number {
  return Math.max(acceptedAt, spec.runAt ?? acceptedAt + spec.delayMs);
}

/** Epoch milliseconds from which on it is too late to start. */
export function expiresAt(run: Pick<Run, "acceptedAt" | "spec">): number {
  return dueAt(run) + run.spec.expiresMs;
}

/** Where the run stands in the line of each of its queues: the less the sooner, and by id among equals. */
export function rankOf({ spec }: Pick<Run, "spec">): number {
  return -spec.priority;
}

/** Queues in which the run has no slot yet, in the order of its stages. */
export function pendingQueues(run: Run, organizationLimit: number | null): Queue[] {
  return queuesOf(run.spec, organizationLimit).filter(
    ({ queue }) => !run.tickets.some((ticket) => ticket.held && ticket.queue === queue),
  );
}

function queuesOf({ concurrency }: RunSpec, organizationLimit: number | null): Queue[] {
  const queues: Queue[] = [];
  if (concurrency !== null) queues.push({ queue: keyQueue(concurrency.key), limit: concurrency.limit });
  if (organizationLimit !== null) queues.push({ queue: ORGANIZATION_QUEUE, limit: organizationLimit });
  return queues;
}

/**
 * What a run that is due can do next, the best first: to take all slots that it lacks and plan its attempt, or as many as it gets
 * and stand in line for the next. Each is for the store to accept or refuse whole; the last one is never refused, unless the run
 * stands in line already.
 * @param launch of its attempt; null where that is planned in a step of its own, and `awaited` where it could have none
 */
export function waysIn(
  state: RunState,
  settings: TurnSettings,
  nowMs: number,
  launch: Launch | "awaited" | null,
): RunEvent[][] {
  const pending = pendingQueues(state.run, settings.organizationLimit);
  const taken = (upTo: number) =>
    pending
      .slice(0, upTo)
      .map(({ queue, limit }) => ({ type: "slot_taken" as const, at: nowMs, queue, limit }));
  const ways: RunEvent[][] = [
    [...taken(pending.length), ...launchedBy(launch, state, settings.defaultRegion, nowMs)],
  ];
  for (let before = pending.length - 1; before >= 0; before--) {
    const stop = pending[before];
    if (stop === undefined) break;
    const isInLine = state.run.tickets.some(({ queue }) => queue === stop.queue);
    if (!isInLine) ways.push([...taken(before), orElse(state.run, stop, nowMs)]);
  }
  return ways;
}

function launchedBy(
  launch: Launch | "awaited" | null,
  state: RunState,
  defaultRegion: string | null,
  nowMs: number,
): RunEvent[] {
  if (launch === null) return [];
  return [launch === "awaited" ? launchAwaited(nowMs) : planAttempt(state, defaultRegion, nowMs, launch)];
}

/** The run stands in line for a launch. */
export function launchAwaited(at: number): SlotAwaited {
  return { type: "slot_awaited", at, queue: LAUNCH_QUEUE, limit: 0 };
}

/** Whether the run stands in line for a launch. */
export function awaitsLaunch({ tickets }: Pick<Run, "tickets">): boolean {
  return tickets.some(({ queue }) => queue === LAUNCH_QUEUE);
}

/** Where a queue has no room: the place in its line, or the end of a run that is not to wait. */
function orElse({ spec }: Run, { queue, limit }: Queue, at: number): RunEvent {
  const { concurrency } = spec;
  if (concurrency?.strategy !== "drop_new" || queue !== keyQueue(concurrency.key))
    return { type: "slot_awaited", at, queue, limit };
  const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };
  return { type: "settled", at, ...dropped(concurrency), exit: null, output };
}

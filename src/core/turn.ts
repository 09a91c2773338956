/**
 * Turn: what an accepted run waits for before its first attempt. The stages come one after the other: its time, the slot of its
 * schedule unless that lets runs overlap, a slot of its concurrency key, a slot of the organization, a launch. A run that waits for the organization holds its key's slot meanwhile; since the
 * stages have one order nobody waits in a circle, and who heads one queue holds nobody up in another. A run keeps its slots
 * from then on, also between its attempts.
 */

import type { RunEvent, SlotAwaited } from "./event.ts";
import { dropped, skipped } from "./outcome.ts";
import type { Launch } from "./pace.ts";
import { planAttempt } from "./plan.ts";
import type { Run, RunState } from "./run.ts";

/** The queue that all runs of an organization pass where the deployment limits how many may run at once. */
export const ORGANIZATION_QUEUE = "organization";

/**
 * The line of those that have all their slots and no launch yet (`core/pace.ts`). Nobody ever holds a slot of it: whoever gets a
 * launch leaves it with the plan of the attempt.
 */
export const LAUNCH_QUEUE = "launches";

const KEY_PREFIX = "key:";
const SCHEDULE_PREFIX = "schedule:";

/** The queue of a concurrency key. */
export function keyQueue(key: string): string {
  return `${KEY_PREFIX}${key}`;
}

/** The queue of a schedule whose runs do not overlap: it has one slot. */
export function scheduleQueue(job: string, schedule: string): string {
  return `${SCHEDULE_PREFIX}${job}/${schedule}`;
}

/** Whether a queue is a schedule's. */
export function isScheduleQueue(queue: string): boolean {
  return queue.startsWith(SCHEDULE_PREFIX);
}

/** The key of a concurrency key's queue; null for every other. */
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
  return queuesOf(run, organizationLimit).filter(
    ({ queue }) => !run.tickets.some((ticket) => ticket.held && ticket.queue === queue),
  );
}

/** True where the run has each slot that only it itself, and no setting of the deployment, asks for. */
export function hasOwnSlots(run: Run): boolean {
  return pendingQueues(run, null).length === 0;
}

/** Whether older runs in this queue are asked to cancel, so that this one takes their place. */
export function endsOlder({ spec: { concurrency }, firing }: Run, queue: string): boolean {
  if (isScheduleQueue(queue)) return firing?.overlap === "cancel_running";
  return concurrency?.strategy === "cancel_running" && queue === keyQueue(concurrency.key);
}

function queuesOf({ spec: { concurrency }, job, firing }: Run, organizationLimit: number | null): Queue[] {
  const queues: Queue[] = [];
  if (job !== null && firing !== null && firing.overlap !== "allow")
    queues.push({ queue: scheduleQueue(job.name, firing.schedule), limit: 1 });
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
function orElse({ spec, firing }: Run, { queue, limit }: Queue, at: number): RunEvent {
  const { concurrency } = spec;
  const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };
  if (isScheduleQueue(queue) && firing?.overlap === "skip")
    return { type: "settled", at, ...skipped(), exit: null, output };
  if (concurrency?.strategy !== "drop_new" || queue !== keyQueue(concurrency.key))
    return { type: "slot_awaited", at, queue, limit };
  return { type: "settled", at, ...dropped(concurrency), exit: null, output };
}

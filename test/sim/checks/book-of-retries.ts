/**
 * What follows a failure, by the book: worked out a second time from the table in ARCHITECTURE.md ("Retries") and the words in which callers
 * are told of a policy, from a run's events alone.
 */

import type { NextAttempt } from "../../../src/core/attempt.ts";
import type { AttemptFailed, AttemptPlanned, RunEvent, Settled } from "../../../src/core/event.ts";
import { guestComplaint } from "../../../src/core/guest.ts";
import type { LimitName, Reason } from "../../../src/core/run.ts";
import type { Guest, RetryAction, RetryRule, RunSpec } from "../../../src/core/run-spec.ts";

/** From what a failure is paid, so that nobody pays for another's. */
export const PURSES = ["job", "platform", "room"] as const;
export type Purse = (typeof PURSES)[number];

interface Failure {
  reason: Reason | null;
  limit: LimitName | null;
}

/** By reason, and by limit where one passed: who pays, and what follows unless a rule says otherwise. */
const BOOK: Record<string, [Purse, RetryAction]> = {
  exit_code: ["job", "same_size"],
  signal: ["job", "same_size"],
  out_of_memory: ["job", "same_size"],
  "timed_out run": ["job", "stop"],
  command_not_found: ["job", "stop"],
  git_missing: ["job", "stop"],
  checkout_failed: ["job", "same_size"],
  "timed_out step": ["job", "stop"],
  image_unavailable: ["job", "stop"],
  launch_refused: ["job", "stop"],
  machine_lost: ["platform", "same_size"],
  "timed_out boot": ["platform", "same_size"],
  no_capacity: ["room", "next_region"],
};

/** Bounds that are not the caller's. */
const FAILURES_MAX: Record<Exclude<Purse, "job">, number> = { platform: 5, room: 40 };

/** The least pause after what was not the job's own doing. */
const PAUSE_MIN_MS: Record<Purse, number> = { job: 0, platform: 1000, room: 1000 };

const LARGEST_MB: Record<Guest["cpuKind"], number> = { shared: 8 * 2048, performance: 16 * 8192 };

/** Who pays for a failure; null where it is nobody's: a passed queue limit, a cancel. */
export function purseOf(failure: Failure): Purse | null {
  return entryOf(failure)?.[0] ?? null;
}

function entryOf({ reason, limit }: Failure): [Purse, RetryAction] | undefined {
  return BOOK[limit === null ? `${reason}` : `${reason} ${limit}`];
}

/** What is wrong with the end of an attempt, by the events before it; null where it is followed as it has to be. */
export function wrongSequel(spec: RunSpec, before: RunEvent[], end: AttemptFailed | Settled): string | null {
  const planned = before.findLast((event): event is AttemptPlanned => event.type === "attempt_planned");
  const earlier = before.filter((event): event is AttemptFailed => event.type === "attempt_failed");
  // What ends a run that waits for its next attempt is no failure of that one's.
  if (!planned || earlier.at(-1)?.attempt === planned.attempt) return null;
  const next = end.type === "attempt_failed" ? end.next : null;
  const entry = entryOf(end);
  if (!entry || (end.type === "settled" && end.status !== "failed"))
    return next && "what is nobody's failure is followed by another attempt";
  if (before.some(({ type }) => type === "cancel_requested")) return next && "it goes on after a cancel";
  const [purse, usually] = entry;
  const rule = spec.retry.rules.find((candidate) => isFor(candidate, end));
  const action = rule?.do ?? usually;
  const paid = 1 + earlier.filter((failure) => purseOf(failure) === purse).length;
  const { guest, region } = planned.machineConfig;
  const allowed = purse === "job" ? spec.retry.attempts : FAILURES_MAX[purse];
  if (action === "stop") return next && "there should be no other attempt";
  if (paid >= allowed) return next && `the ${purse} has paid for ${paid} failures`;
  if (action === "next_size" && guest.memoryMb === LARGEST_MB[guest.cpuKind])
    return next && "there is no larger size";
  // A run that has a time of its own is not tried again before.
  const [leastMs, mostMs] = waits(spec, purse, paid, action, region, rule).map((ms) =>
    Math.max(ms, startsAtOf(before) - end.at),
  ) as [number, number];
  const queueEnd = hasMachine(before, planned) ? Infinity : wantsSince(before) + spec.timeouts.queueMs;
  if (next === null)
    return end.at + mostMs >= queueEnd
      ? null
      : `the ${purse} has paid for ${paid} of ${allowed} failures, and it is not tried again`;
  const waitMs = next.at - end.at;
  if (waitMs < leastMs || waitMs > mostMs) return `the wait is ${waitMs} ms, not ${leastMs} to ${mostMs}`;
  if (next.at >= queueEnd) return "the next attempt is after the queue limit";
  return wrongSize(guest, next, action) ?? wrongRegion(spec, region, next, action);
}

/** What an attempt is to be planned with. */
export function placeByTheBook(spec: RunSpec, defaultRegion: string | null, before: NextAttempt | null) {
  return before
    ? { guest: before.guest, region: before.region, notBefore: before.at }
    : { guest: spec.machine, region: spec.regions[0] ?? defaultRegion, notBefore: -Infinity };
}

/** Since when a run wants a machine that it has not got: its turn, at which its first attempt is planned, or the time of the retry after its last machine. */
export function wantsSince(events: RunEvent[]): number {
  const had = events.flatMap((event) => (event.type === "machine_created" ? [event.attempt] : []));
  const after = events.findLast((event) => event.type === "attempt_failed" && had.includes(event.attempt));
  if (after?.type === "attempt_failed") return after.next.at;
  // With all its slots it wants one, and stands in line for a launch where none is near.
  const isReady = (event: RunEvent) =>
    event.type === "attempt_planned" || (event.type === "slot_awaited" && event.queue === "launches");
  return Math.max((events.find(isReady) ?? events[0])?.at ?? 0, startsAtOf(events));
}

/** Before which its command is not to start; long ago where it has no such time. */
export function startsAtOf([first]: RunEvent[]): number {
  return (first?.type === "accepted" && first.firing?.ahead?.startsAt) || 0;
}

function hasMachine(events: RunEvent[], { attempt }: AttemptPlanned): boolean {
  return events.some((event) => event.type === "machine_created" && event.attempt === attempt);
}

/** A code or a signal is one to go by where the command ended of its own. */
function isFor(rule: RetryRule, { reason, exit }: AttemptFailed | Settled): boolean {
  if (rule.reasons.some((named) => named === reason)) return true;
  const isOwnEnd = ["exit_code", "signal", "out_of_memory", "command_not_found"].includes(reason ?? "");
  if (!isOwnEnd) return false;
  return (
    rule.exitCodes.some((code) => code === exit?.code) || rule.signals.some((name) => name === exit?.signal)
  );
}

/** The least and the most that a pause can be, in milliseconds: jitter leaves some of it out. */
function waits(
  { retry, regions }: RunSpec,
  purse: Purse,
  paid: number,
  action: RetryAction,
  region: string | null,
  rule: RetryRule | undefined,
): [number, number] {
  if (rule && rule.waitMs !== null) return [rule.waitMs, rule.waitMs];
  const list = [...new Set(regions)];
  let times = paid;
  if (purse === "room" && action === "next_region" && list.length > 0) {
    // A round through the list goes without a pause.
    if (list.length > 1 && region !== list.at(-1)) return [0, 0];
    times = Math.ceil(paid / list.length);
  }
  const { initialMs, factor, maxMs, jitter } = retry.backoff;
  const full = Math.min(maxMs, initialMs * factor ** (times - 1));
  const least = PAUSE_MIN_MS[purse];
  return [Math.max(least, Math.floor(full * (1 - jitter))), Math.max(least, Math.ceil(full))];
}

function wrongSize(before: Guest, { guest }: NextAttempt, action: RetryAction): string | null {
  const memoryMb =
    action === "next_size" ? Math.min(2 * before.memoryMb, LARGEST_MB[before.cpuKind]) : before.memoryMb;
  const isRight =
    guest.memoryMb === memoryMb &&
    guest.cpuKind === before.cpuKind &&
    (action === "next_size" ? guestComplaint(guest) === null : guest.cpus === before.cpus);
  return isRight ? null : `${action} of ${JSON.stringify(before)} is ${JSON.stringify(guest)}`;
}

function wrongRegion(
  { regions }: RunSpec,
  before: string | null,
  next: NextAttempt,
  action: RetryAction,
): string | null {
  const list = [...new Set(regions)];
  const walks = action === "next_region" && list.length > 0;
  const region = walks ? list[(list.indexOf(before ?? "") + 1) % list.length] : before;
  return next.region === region ? null : `${action} goes from ${before} to ${next.region}, not to ${region}`;
}

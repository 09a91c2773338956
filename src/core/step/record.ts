/** How the steps of an attempt went, as its Machine told. */

import type { Attempt } from "../attempt.ts";
import type { StepEnded, StepStarted, StepsSkipped } from "../event.ts";
import type { Stream } from "../output.ts";
import type { PlannedStep } from "./spec.ts";

/** A step of which something is known. One that is not in the list of an attempt has not begun, as far as anybody knows. */
export interface StepRecord {
  /** Its number, from 1. */
  number: number;
  state: "running" | "succeeded" | "failed" | "skipped";
  /** Epoch milliseconds, by the time at which it was told; null of one that was skipped. */
  startedAt: number | null;
  endedAt: number | null;
  /** The shell's; null while it runs, and where it was skipped or nobody knows. */
  exitCode: number | null;
  /** Its own time limit passed. */
  timedOut: boolean;
  /** Its section of each stream: from its first byte; null of one that was skipped. */
  from: Record<Stream, number> | null;
  /** Up to this byte, which is not its own; null while it runs. */
  to: Record<Stream, number> | null;
}

/** A fact out of a Machine's file of steps. Times are hundredths of a second of the Machine's own clock. */
export type StepFact =
  | { fact: "started"; step: number; atCs: number }
  | {
      fact: "ended";
      step: number;
      exitCode: number;
      timedOut: boolean;
      tookMs: number;
      stdout: number;
      stderr: number;
    }
  | { fact: "skipped"; step: number };

/** What a read brought of the steps. */
export interface StepsRead {
  /** The Machine's clock now. */
  nowCs: number;
  /** Those that were asked for, in their order. */
  facts: StepFact[];
}

export type StepEvent = StepStarted | StepEnded | StepsSkipped;

/** How many facts of its steps an attempt knows: a read is asked for what follows. */
export function knownFacts({ steps }: Pick<Attempt, "steps">): number {
  return steps.reduce((sum, { state }) => sum + (state === "running" || state === "skipped" ? 1 : 2), 0);
}

/**
 * The events that facts come to which the attempt does not know. A step that began and ended since is one event.
 * @param end where the command is over: a step that is under way is over with it
 */
export function stepEvents(
  attempt: Pick<Attempt, "number" | "steps">,
  read: StepsRead,
  now: number,
  end: { exitCode: number | null; stdout: number; stderr: number } | null,
): StepEvent[] {
  const known = new Map(attempt.steps.map((step) => [step.number, step]));
  const begun = new Map<number, number>();
  const events: StepEvent[] = [];
  let to = lastEnd(attempt.steps);
  // Two reads tell one moment some milliseconds apart, and no step starts before the one before it is over.
  let overAt = Math.max(0, ...attempt.steps.map(({ endedAt }) => endedAt ?? 0));
  const stamp = { at: now, attempt: attempt.number };
  const startOf = (step: number) => known.get(step)?.startedAt ?? begun.get(step) ?? null;
  const ended = (
    step: number,
    startedAt: number,
    endedAt: number,
    how: { exitCode: number | null; timedOut: boolean; stdout: number; stderr: number },
  ) => {
    const { exitCode, timedOut, stdout, stderr } = how;
    const section = { from: to, to: { stdout, stderr } };
    events.push({ type: "step_ended", ...stamp, step, exitCode, timedOut, startedAt, endedAt, ...section });
    to = section.to;
    overAt = endedAt;
    begun.delete(step);
  };
  for (const fact of read.facts) {
    const { step } = fact;
    const before = known.get(step);
    if (fact.fact === "started") {
      if (!before) begun.set(step, Math.max(overAt, Math.min(now, now - (read.nowCs - fact.atCs) * 10)));
    } else if (fact.fact === "ended") {
      const startedAt = startOf(step) ?? Math.max(overAt, now - fact.tookMs);
      const endedAt = Math.max(startedAt, Math.min(now, startedAt + fact.tookMs));
      if (!before || before.state === "running") ended(step, startedAt, endedAt, fact);
    } else if (!before) {
      const last = events.at(-1);
      if (last?.type === "steps_skipped") last.steps.push(step);
      else events.push({ type: "steps_skipped", ...stamp, steps: [step] });
    }
  }
  const running = attempt.steps.find(
    ({ number, state }) => state === "running" && !events.some((event) => isOf(event, number)),
  );
  if (running?.startedAt) begun.set(running.number, running.startedAt);
  for (const [step, startedAt] of begun)
    if (end !== null) ended(step, startedAt, now, { ...end, timedOut: false });
    else if (!known.has(step)) events.push({ type: "step_started", ...stamp, step, startedAt, from: to });
  return events;
}

function isOf(event: StepEvent, step: number): boolean {
  return event.type !== "steps_skipped" && event.step === step;
}

/** Sections are without gaps: one begins where the one before has ended. */
function lastEnd(steps: StepRecord[]): Record<Stream, number> {
  return steps.findLast(({ to }) => to !== null)?.to ?? { stdout: 0, stderr: 0 };
}

/** The records after an event of a step; null where the event can not follow. */
export function recordsAfter(steps: StepRecord[], event: StepEvent): StepRecord[] | null {
  if (event.type === "steps_skipped") {
    if (event.steps.some((number) => isTold(steps, number))) return null;
    return [...steps, ...event.steps.map(skipped)];
  }
  if (event.type === "step_started")
    return isTold(steps, event.step)
      ? null
      : [
          ...steps,
          { ...skipped(event.step), state: "running", startedAt: event.startedAt, from: event.from },
        ];
  const { step, exitCode, timedOut, startedAt, endedAt, from, to } = event;
  if (steps.some(({ number, state }) => number === step && state !== "running")) return null;
  const state = exitCode === 0 && !timedOut ? "succeeded" : "failed";
  const record: StepRecord = { number: step, state, startedAt, endedAt, exitCode, timedOut, from, to };
  return [...steps.filter(({ number }) => number !== step), record];
}

function isTold(steps: StepRecord[], asked: number): boolean {
  return steps.some(({ number }) => number === asked);
}

function skipped(number: number): StepRecord {
  return {
    number,
    state: "skipped",
    startedAt: null,
    endedAt: null,
    exitCode: null,
    timedOut: false,
    from: null,
    to: null,
  };
}

/** The first step that failed, which decides the outcome; null where none did. */
export function firstFailed(
  planned: PlannedStep[],
  steps: StepRecord[],
): { step: PlannedStep; record: StepRecord } | null {
  const record = steps.find(({ state }) => state === "failed");
  const step = planned.find(({ number }) => number === record?.number);
  return record && step ? { step, record } : null;
}

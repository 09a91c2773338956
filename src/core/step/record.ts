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
  /** How many facts the Machine's file has by its own word. */
  count: number;
  /** Those that were asked for, in their order. */
  facts: StepFact[];
}

/** What the facts of an attempt are held against: its steps can write to the file that they are from. */
export interface StepBounds {
  /** How many steps the run has. */
  steps: number;
  /** Epoch milliseconds before which none of them can have started. */
  since: number;
  /** How long each stream is by now. */
  sizes: Record<Stream, number>;
}

export type StepEvent = StepStarted | StepEnded | StepsSkipped;

/** How many facts of its steps an attempt knows: a read is asked for what follows. */
export function knownFacts({ steps }: Pick<Attempt, "steps">): number {
  return steps.reduce((sum, { state }) => sum + (state === "running" || state === "skipped" ? 1 : 2), 0);
}

/**
 * The events that facts come to which the attempt does not know. A step that began and ended since is one event. Facts that can not be
 * are left out: steps come one after the other, each starts once and ends once, with a shell's exit code. Times are brought to between
 * what was before and now, as honest clocks can be off, too, and a section's end to behind its beginning and within the stream, as a step
 * can empty an honest Machine's file: an end that was left out would take all that is behind it along. So whatever a Machine tells, the
 * events can follow the attempt's.
 * @param end where the command is over: a step that is under way is over with it
 */
export function stepEvents(
  attempt: Pick<Attempt, "number" | "steps">,
  read: StepsRead,
  now: number,
  end: { exitCode: number | null; stdout: number; stderr: number } | null,
  { steps, since, sizes }: StepBounds,
): StepEvent[] {
  const events: StepEvent[] = [];
  const stamp = { at: now, attempt: attempt.number };
  const known = attempt.steps.at(-1) ?? null;
  let told = attempt.steps.reduce((most, { number }) => Math.max(most, number), 0);
  let to = lastEnd(attempt.steps);
  let overAt = attempt.steps.reduce((latest, { endedAt }) => Math.max(latest, endedAt ?? 0), since);
  let running = known?.state === "running" ? { step: known.number, startedAt: known.startedAt ?? now } : null;
  const isNext = (step: number) => running === null && step === told + 1 && step <= steps;
  const endIn = (stream: Stream, end: number) => Math.max(to[stream], Math.min(end, sizes[stream]));
  const ended = (
    { step, startedAt }: NonNullable<typeof running>,
    tookMs: number,
    how: { exitCode: number | null; timedOut: boolean; stdout: number; stderr: number },
  ) => {
    const { exitCode, timedOut, stdout, stderr } = how;
    const endedAt = Math.max(startedAt, Math.min(now, startedAt + tookMs));
    const section = { from: to, to: { stdout: endIn("stdout", stdout), stderr: endIn("stderr", stderr) } };
    events.push({ type: "step_ended", ...stamp, step, exitCode, timedOut, startedAt, endedAt, ...section });
    to = section.to;
    overAt = endedAt;
    running = null;
  };
  for (const fact of read.facts) {
    const { step } = fact;
    if (fact.fact === "ended") {
      if (running?.step === step && isExitCode(fact.exitCode)) ended(running, fact.tookMs, fact);
    } else if (!isNext(step)) {
      // Known, or not to be believed.
    } else if (fact.fact === "started") {
      told = step;
      const startedAt = now - (read.nowCs - fact.atCs) * 10;
      running = { step, startedAt: Math.min(now, Math.max(overAt, startedAt)) };
    } else {
      told = step;
      const last = events.at(-1);
      if (last?.type === "steps_skipped") last.steps.push(step);
      else events.push({ type: "steps_skipped", ...stamp, steps: [step] });
    }
  }
  const under = running as { step: number; startedAt: number } | null;
  if (under !== null && end !== null) {
    ended(under, now - under.startedAt, { ...end, timedOut: false });
  } else if (under !== null && under.step !== known?.number)
    events.push({ type: "step_started", ...stamp, ...under, from: to });
  return events;
}

function isExitCode(code: number): boolean {
  return code >= 0 && code <= 255;
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

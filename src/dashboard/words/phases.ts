/** The phases of an attempt, one after the other, from the times that are known. */

import type { AttemptBody, RunBody } from "../../api/run-schema.ts";
import { isFinal } from "../../core/run.ts";

export interface Phase {
  name: string;
  /** What the colour of its bar tells: waiting for others, the machine's start, the command itself. */
  kind: "wait" | "machine" | "command";
  startMs: number;
  endMs: number;
  /** Still going on: `endMs` is the present. */
  open: boolean;
}

/** Phases of one attempt. The one under way ends now; a moment that nobody saw joins its neighbours. */
export function phasesOf(run: RunBody, attempt: AttemptBody | null, nowMs: number): Phase[] {
  const endIso = attempt?.settled_at ?? run.settled_at;
  const open = endIso === null && !isFinal(run.status);
  const lastMs = endIso === null ? nowMs : Date.parse(endIso);
  const marks = marksOf(run, attempt, lastMs).filter((mark) => mark.at !== null);
  const phases: Phase[] = [];
  let earliestMs = 0;
  marks.forEach((mark, index) => {
    const next = marks[index + 1]?.at;
    // The clocks of worker and machine can differ by a little: time never runs backwards in a picture.
    const startMs = Math.max(earliestMs, Date.parse(mark.at ?? ""));
    const endMs = Math.max(startMs, next ? Date.parse(next) : lastMs);
    earliestMs = startMs;
    phases.push({ name: mark.name, kind: mark.kind, startMs, endMs, open: open && next === undefined });
  });
  return phases;
}

interface Mark {
  at: string | null;
  name: string;
  kind: Phase["kind"];
}

function marksOf(run: RunBody, attempt: AttemptBody | null, lastMs: number): Mark[] {
  const queue: Mark = { at: run.accepted_at, name: "Queue", kind: "wait" };
  if (attempt === null) return [queue];
  // A machine that waits for its app's turn is not asked for yet, and never is where the run was over by then.
  const isAsked = Date.parse(attempt.create_asked_at) <= lastMs || attempt.created_at !== null;
  const isAhead = isMadeAhead(run, attempt);
  const spoke = attempt.first_output_at !== null;
  return [
    ...(attempt.number === 1 ? [queue] : []),
    { at: isAsked ? attempt.create_asked_at : null, name: "Create machine", kind: "machine" },
    ...(isAhead ? [{ at: attempt.created_at, name: "Wait for its time", kind: "wait" as const }] : []),
    {
      // Before that it does not boot.
      at: isAhead ? (Date.parse(run.starts_at ?? "") <= lastMs ? run.starts_at : null) : attempt.created_at,
      name: attempt.image_ready_at === null ? "Boot" : "Fetch image",
      kind: "machine",
    },
    { at: attempt.image_ready_at, name: "Boot", kind: "machine" },
    { at: attempt.started_at, name: spoke ? "Until first output" : "Run", kind: "command" },
    { at: attempt.first_output_at, name: "Run", kind: "command" },
    { at: attempt.exited_at, name: "Settle", kind: "wait" },
  ];
}

/** Whether the machine was there before its run's time, and waited for that. */
function isMadeAhead({ starts_at }: RunBody, { created_at }: AttemptBody): boolean {
  return starts_at !== null && created_at !== null && Date.parse(created_at) < Date.parse(starts_at);
}

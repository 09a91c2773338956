/** How each step of an attempt stands, told or not. */

import type { Attempt } from "../attempt.ts";
import type { RunSpec } from "../run-spec.ts";
import type { StepRecord } from "./record.ts";
import { type PlannedStep, plannedSteps } from "./spec.ts";

export const STEP_STATES = ["waiting", "running", "succeeded", "failed", "skipped", "unknown"] as const;

export interface StepState {
  step: PlannedStep;
  state: (typeof STEP_STATES)[number];
  /** Null where nothing was told of it. */
  record: StepRecord | null;
}

/** The steps in their order. Of an attempt that is over none is under way any more, whatever was told last. */
export function stepStates(
  spec: RunSpec,
  attempt: Pick<Attempt, "steps" | "startedAt" | "settledAt">,
): StepState[] {
  const isOver = attempt.settledAt !== null;
  // One that was started and told of no step was read by code that does not ask for them.
  const untold = attempt.startedAt !== null && attempt.steps.length === 0 ? "unknown" : "skipped";
  return plannedSteps(spec).map((step) => {
    const record = attempt.steps.find(({ number }) => number === step.number) ?? null;
    if (record === null) return { step, state: isOver ? untold : "waiting", record };
    return { step, state: isOver && record.state === "running" ? "unknown" : record.state, record };
  });
}

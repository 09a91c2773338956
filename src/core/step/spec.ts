/** Steps as they are ordered: what a run does one after the other, each with its own section of the output, its time and its exit code. */

import type { RunSpec } from "../run-spec.ts";
import type { Checkout } from "./checkout.ts";

/**
 * When a step is run.
 * - `success`: no step before it has failed.
 * - `failure`: one has.
 * - `always`: in any case, also where the run was told to stop, as long as the stop limit lasts.
 */
export type StepIf = (typeof STEP_IFS)[number];

export const STEP_IFS = ["success", "failure", "always"] as const;

/** One step as a caller wrote it, checked. */
export interface StepSpec {
  /** Unique among the run's. */
  name: string;
  /** A text run by `sh -e`. */
  run: string;
  if: StepIf;
  /** Null for none but the run's own. */
  timeoutMs: number | null;
  env: Record<string, string>;
  /** Relative to the checkout, or else to the image's own; null for that one itself. */
  workingDirectory: string | null;
}

/** A step as a Machine is to run it. */
export interface PlannedStep {
  /** From 1. */
  number: number;
  name: string;
  if: StepIf;
  timeoutMs: number | null;
  does:
    | { kind: "checkout"; checkout: Checkout }
    | { kind: "run"; step: StepSpec }
    /** The run's own command or script, behind a checkout. */
    | { kind: "command" };
}

/** The name of the step that gets the repository. */
export const CHECKOUT_STEP = "checkout";

/** Whether a run is one of steps. */
export function hasSteps({ checkout, steps }: Pick<RunSpec, "checkout" | "steps">): boolean {
  return checkout !== null || steps.length > 0;
}

/** The steps of a run in their order; none of a run that is one command. */
export function plannedSteps(
  spec: Pick<RunSpec, "checkout" | "steps" | "command" | "script">,
): PlannedStep[] {
  const { checkout, steps } = spec;
  const usual = { if: "success", timeoutMs: null } as const;
  const planned: Omit<PlannedStep, "number">[] = [
    ...(checkout === null
      ? []
      : [{ ...usual, name: CHECKOUT_STEP, does: { kind: "checkout" as const, checkout } }]),
    ...steps.map((step) => ({
      name: step.name,
      if: step.if,
      timeoutMs: step.timeoutMs,
      does: { kind: "run" as const, step },
    })),
  ];
  const isCommand = checkout !== null && steps.length === 0;
  if (isCommand)
    planned.push({
      ...usual,
      name: spec.script === null ? "command" : "script",
      does: { kind: "command" },
    });
  return planned.map((step, index) => ({ ...step, number: index + 1 }));
}

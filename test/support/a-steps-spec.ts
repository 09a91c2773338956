/** Specs of steps. */

import type { RunSpec } from "../../src/core/run-spec.ts";
import type { StepSpec } from "../../src/core/step/spec.ts";
import { aSpec } from "./a-run.ts";

/** A spec of these steps: each a text, or what of it is otherwise. */
export function aStepsSpec(steps: (string | Partial<StepSpec>)[], change: Partial<RunSpec> = {}): RunSpec {
  return aSpec({
    command: null,
    steps: steps.map((step, index) => ({
      name: `step ${index + 1}`,
      run: "",
      if: "success",
      timeoutMs: null,
      env: {},
      workingDirectory: null,
      ...(typeof step === "string" ? { run: step } : step),
    })),
    ...change,
  });
}

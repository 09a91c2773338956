import { STEP_WORDS, type Step } from "../words/steps.ts";
import { StatusIcon } from "./icons.tsx";

/** The picture of a run's status that stands for the state of a step. */
const PICTURE = {
  waiting: "queued",
  running: "running",
  succeeded: "succeeded",
  failed: "failed",
  skipped: "cancelled",
  unknown: "cancelled",
} as const;

/** The state of a step as icon and word; its colour only repeats what they say. */
export function StepBadge({ state }: { state: Step["state"] }) {
  return (
    <span class={`badge ${PICTURE[state]}`}>
      <StatusIcon status={PICTURE[state]} />
      {STEP_WORDS[state]}
    </span>
  );
}

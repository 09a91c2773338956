import type { FiringOutcome } from "../../core/schedule/schedule.ts";
import { OUTCOME_WORDS } from "../words/firing.ts";

/** What a due time came to, as a word; its colour only repeats it. */
export function OutcomeBadge({ outcome }: { outcome: FiringOutcome }) {
  return <span class={`badge word ${outcome}`}>{OUTCOME_WORDS[outcome]}</span>;
}

export function PausedBadge() {
  return <span class="badge word paused">Paused</span>;
}

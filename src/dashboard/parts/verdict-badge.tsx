import type { Verdict } from "../../core/hook/verdict.ts";
import { VERDICT_WORDS } from "../words/deliveries.ts";

/** What a delivery came to, as a word; its colour only repeats it. */
export function VerdictBadge({ verdict }: { verdict: Verdict }) {
  return <span class={`badge word verdict-${verdict}`}>{VERDICT_WORDS[verdict]}</span>;
}

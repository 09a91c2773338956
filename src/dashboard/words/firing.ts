/** Firings and pauses in plain words. */

import type { FiringBody, StoredScheduleBody } from "../../api/firing-schema.ts";
import type { FiringOutcome } from "../../core/schedule/schedule.ts";
import { elapsed } from "./elapsed.ts";

/** The word of each outcome, as badges and filters show it. */
export const OUTCOME_WORDS: Record<FiringOutcome, string> = {
  armed: "About to run",
  ran: "Ran",
  caught_up: "Caught up",
  skipped: "Skipped",
  missed: "Missed",
  paused: "Paused",
};

/** "340 ms late"; "" without a run. A firing by hand is due when it is asked for. */
export function lateness({ late_ms: lateMs }: FiringBody): string {
  return lateMs === null ? "" : `${elapsed(lateMs)} late`;
}

/** What made the firing, where that was not the rule. */
export function triggerWords({ trigger }: FiringBody): string {
  return { rule: "", run_now: "by hand", backfill: "backfill", fly: "started by Fly" }[trigger];
}

/** "24 due times", "more than 10,000 due times" of a row that stands for several in a row; "" of any other. */
export function countWords({ count, is_count_exact: isExact }: FiringBody): string {
  if (count === 1 && isExact) return "";
  return `${isExact ? "" : "more than "}${count.toLocaleString("en")} due times`;
}

const PAUSERS: Record<StoredScheduleBody["paused_by"][number], string> = {
  definition: "in its definition",
  hand: "by hand",
  job: "with its job",
};

/** "paused by hand and with its job". */
export function pausedWords(pausedBy: StoredScheduleBody["paused_by"]): string {
  return `paused ${pausedBy.map((pauser) => PAUSERS[pauser]).join(" and ")}`;
}

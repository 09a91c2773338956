/** What attempts to report on commits say of the hook whose runs report. */

import { toldDuration } from "../duration.ts";
import { REPORTS_FAILING_MAX_MS } from "../limits.ts";
import { isTaken, type SendResult } from "../notification/attempt.ts";

/** That it is taken there, that it is not, or nothing, as of what was not sent since it does not hold, or where the fault was ours. */
export function reportSays(result: SendResult): "taken" | "failed" | "nothing" {
  if (result.ending === "delivered" || isTaken(result)) return "taken";
  return result.ending === "dropped" || result.isOurs ? "nothing" : "failed";
}

/**
 * What an alert says of a hook of whose reports none is taken any more; null where that is not so for long, or this attempt does not show
 * it. Reports come as often as somebody pushes, so that one that failed can be long ago and mended since: what says that it is not is a
 * report that is given up, or that is itself tried for so long.
 * @param failingMs since when none was taken
 * @param triedMs since when this one is tried
 */
export function whyAlert(
  hook: { job: string; name: string },
  { error, ending }: SendResult,
  failingMs: number,
  triedMs: number,
): string | null {
  if (failingMs < REPORTS_FAILING_MAX_MS) return null;
  if (ending !== "given_up" && triedMs < REPORTS_FAILING_MAX_MS) return null;
  const since = `no report of the hook ${hook.name} on a commit was taken for ${toldDuration(failingMs)}`;
  return `${since}; the last one: ${error ?? "it was not taken"}`;
}

/** What a run that does not run yet waits for. */

import type { Run } from "./run.ts";

export interface Waiting {
  for: "launch";
  /** Epoch milliseconds. */
  expectedAt: number;
}

/** The turn that a run waits for to ask for its Machine: an app takes only so many creates a second. Null where it waits for none. */
export function waitsForLaunch({ status, restsUntil }: Run): Waiting | null {
  return status === "starting" && restsUntil !== null ? { for: "launch", expectedAt: restsUntil } : null;
}

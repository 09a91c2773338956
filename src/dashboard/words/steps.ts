/** Steps in plain words. */

import type { AttemptBody } from "../../api/run-schema.ts";
import { byteCount } from "./bytes.ts";

export type Step = AttemptBody["steps"][number];

export const STEP_WORDS: Record<Step["state"], string> = {
  waiting: "Waiting",
  running: "Running",
  succeeded: "Succeeded",
  failed: "Failed",
  skipped: "Skipped",
  unknown: "Unknown",
};

/** How it ended, in few words; "" where its state says it all. */
export function stepEnd({ state, timed_out, exit_code }: Step): string {
  if (timed_out) return "time limit passed";
  if (state !== "failed") return "";
  return exit_code === null ? "exit code unknown" : `exit code ${exit_code}`;
}

/** How much it wrote to both streams; "" while it runs, and where it never did. */
export function stepOutput({ stdout, stderr }: Step): string {
  if (stdout?.to == null || stderr?.to == null) return "";
  const bytes = stdout.to - stdout.from + (stderr.to - stderr.from);
  return bytes === 0 ? "nothing" : byteCount(bytes);
}

/** The page of what a step wrote. */
export function stepPath(runId: string, attempt: number, step: number): string {
  return `/runs/${encodeURIComponent(runId)}/steps/${step}?attempt=${attempt}`;
}

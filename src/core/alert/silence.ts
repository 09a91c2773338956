/**
 * Whether a job is silent: a job is heard of where a run of it succeeds. It is told of once for each silent period: the next one begins
 * after it was heard of again.
 */

import { formatDuration } from "../duration.ts";
import type { Looked } from "./alert.ts";

export interface WatchedJob {
  /** `expect_every`. */
  limitMs: number;
  /** When it was last heard of, as far as is known; when it was put, or resumed, where that was later. */
  fromAt: number;
  isPaused: boolean;
}

/** @param heardAt when a run of it last succeeded, in epoch milliseconds; null where none is known */
export function silence(
  { limitMs, fromAt, isPaused }: WatchedJob,
  heardAt: number | null,
  nowMs: number,
): Looked {
  const since = Math.max(fromAt, heardAt ?? fromAt);
  const expectedBy = since + limitMs;
  // By a clock that was ahead it can have been heard of later than now.
  if (nowMs < expectedBy) return { alerts: [], fromAt: since, lookAt: Math.min(expectedBy, nowMs + limitMs) };
  // No success from now on can be missed sooner.
  const lookAt = nowMs + limitMs;
  if (isPaused) return { alerts: [], fromAt: since, lookAt };
  const detail = `no run has succeeded for ${formatDuration(limitMs)}`;
  return { alerts: [{ type: "job_silent", dueAt: expectedBy, runId: null, detail }], fromAt: since, lookAt };
}

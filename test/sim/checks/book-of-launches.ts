/** What an app's bucket still has, by the book: worked out a second time, launch by launch. */

import type { AppPace } from "../../../src/core/pace.ts";

/** A launch is had half a minute ahead at most. */
export const AHEAD_MAX_MS = 30_000;
/** Two at once, though Fly takes three. */
export const AT_ONCE = 2;
/** A clock that differs by more than a minute does not tell the same time. */
const CLOCKS_DIFFER_MS = 60_000;

/** Launches of these apps that can be had now. */
export function launchesFree(paces: (AppPace | null)[], intervalMs: number, nowMs: number): number {
  return paces.reduce((sum, pace) => sum + freeOf(pace, intervalMs, nowMs), 0);
}

function freeOf(pace: AppPace | null, intervalMs: number, nowMs: number): number {
  const aheadMs = pace !== null && pace.takenAt > nowMs + CLOCKS_DIFFER_MS ? nowMs - pace.takenAt : 0;
  // All that was taken has come back by then; each launch moves it on by one interval.
  let fullAt = Math.max(nowMs, (pace?.nextAt ?? 0) + aheadMs);
  let launches = 0;
  for (;;) {
    fullAt += intervalMs;
    if (fullAt - AT_ONCE * intervalMs > nowMs + AHEAD_MAX_MS) return launches;
    launches += 1;
  }
}

/** How often a running Machine is asked for output: at once while young or watched, rarer later, since waiting bills. */

import {
  EXEC_HOLD_MAX_S,
  OUTPUT_PAUSE_MAX_MS,
  OUTPUT_PAUSE_MS,
  OUTPUT_PAUSE_SHARE_OF_AGE,
  OUTPUT_PAUSE_SHARE_OF_LONG_AGE,
  POLL_HELD_UNTIL_AGE_MS,
  POLL_PAUSE_MAX_MS,
  POLL_PAUSE_MIN_MS,
} from "./limits.ts";

/** One poll: how long the Machine may hold it, and the pause before it. */
export interface PollPlan {
  holdS: number;
  pauseMs: number;
}

/** @param ageMs since the Machine was started */
export function pollPlan(ageMs: number, watched: boolean): PollPlan {
  if (watched || ageMs < POLL_HELD_UNTIL_AGE_MS) return { holdS: EXEC_HOLD_MAX_S, pauseMs: 0 };
  return { holdS: 0, pauseMs: Math.min(POLL_PAUSE_MAX_MS, Math.max(POLL_PAUSE_MIN_MS, ageMs * 0.05)) };
}

/**
 * The pause after a poll that brought output of a command that goes on: each poll that brings some is a stored row, so a
 * chatty command is read in larger pieces the longer it runs. Short runs are not slowed down by it.
 */
export function pauseAfterOutputMs(ageMs: number): number {
  const shortMs = Math.min(OUTPUT_PAUSE_MS, ageMs * OUTPUT_PAUSE_SHARE_OF_AGE);
  return Math.max(shortMs, Math.min(OUTPUT_PAUSE_MAX_MS, ageMs * OUTPUT_PAUSE_SHARE_OF_LONG_AGE));
}

/** The pause before repeating a call that failed `failures` times in a row: doubling; {@link spread} keeps many from repeating together. */
export function repeatDelayMs(failures: number, firstMs: number, maxMs: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.max(0, failures - 1));
}

/** Between half and all of a delay, by the seed: what failed together is not repeated together. */
export function spread(delayMs: number, seed: string): number {
  return delayMs * (0.5 + 0.5 * shareOf(seed));
}

/** A number from 0 up to 1 that looks like chance and is the seed's alone: FNV-1a, as the core draws none. */
export function shareOf(seed: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193);
  return ((hash >>> 8) & 0xffff) / 0x10000;
}

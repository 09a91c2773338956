/** A Hook as its job defines it, and what the rest of Mayfly needs to tell hooks apart. */

import type { HookReport } from "../commit-status/report.ts";
import type { HookFilter, HookMap, HookOptions, HookSource } from "./spec.ts";

/** Which hook: names are unique within a job, and its ledger goes by this also where its URL is another one later. */
export interface HookKey {
  orgId: string;
  job: string;
  name: string;
}

/** Calls of a hook that were not signed with one of its secrets, one not long after the other: so many at least. */
export interface RefusedCalls {
  calls: number;
  /** Epoch milliseconds: the first of them, and the last that was written. */
  since: number;
  lastAt: number;
}

/** What a job's definition says of one hook, complete and checked. */
export interface HookSpec {
  name: string;
  source: HookSource;
  /** Names of secrets, one of which the sender signs with. */
  secrets: string[];
  options: HookOptions;
  filter: HookFilter;
  map: HookMap;
  /** Absent where its runs are not reported. */
  report?: HookReport;
}

/**
 * What a resent delivery is called: the sender's own ids have the first one of it in front.
 * @param which its number, or what is made of the key that its caller gave
 */
export function resentId(originId: string, which: number | string): string {
  return `${originId}+resend.${which}`;
}

/** How many calls were refused, in words: what came within a minute of the first is only counted in with a later one, so that one is no number. */
export function refusedCount(atLeast: number): string {
  return atLeast === 1 ? "some" : `${atLeast} or more`;
}

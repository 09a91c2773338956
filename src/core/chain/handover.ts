/** Handover: one end of a Run, for one Job that starts after it, and what came of that. */

import { isOfStranger } from "../hook/run-delivery.ts";
import { CHAIN_DEPTH_MAX, CHAIN_RUNS_MAX } from "../limits.ts";
import { type LinkDefinition, linksFor } from "./link.ts";
import type { ChainPlace, RunUpstream } from "./upstream.ts";

/**
 * - `waiting`: its run is about to be submitted, or that failed on our side and is tried again.
 * - `started`: it has a run.
 * - `paused`: the job was paused; that is not made good later.
 * - `unlinked`: the job was deleted meanwhile, or does not start after that any more.
 * - `withheld`: what the run before was for is, or may be, from a fork, and the job does not say that it starts after such.
 * - `refused`: the job could not be run with it.
 * - `bounded`: the chain had come too far.
 */
export const HANDOVER_VERDICTS = [
  "waiting",
  "started",
  "paused",
  "unlinked",
  "withheld",
  "refused",
  "bounded",
] as const;
export type HandoverVerdict = (typeof HANDOVER_VERDICTS)[number];

/** Its key: a run ends once, and a job starts once after that. */
export interface HandoverKey {
  orgId: string;
  /** The run that began the chain. It follows from `upstreamRunId`, and stands first so that those of one chain are together. */
  rootId: string;
  upstreamRunId: string;
  /** The job that starts. */
  job: string;
}

/** Why a handover starts nothing. */
export interface Ending {
  verdict: Exclude<HandoverVerdict, "waiting" | "started">;
  /** A sentence for people. */
  detail: string;
}

/** The job as it is when the handover is taken up; null for none. */
export interface FollowingJob {
  isPaused: boolean;
  on: readonly LinkDefinition[];
}

/**
 * Why a job is not to start after a run; null where it is.
 * @param started how many runs of the chain were started so far
 */
export function endingOf(
  job: FollowingJob | null,
  upstream: RunUpstream & { chain: ChainPlace },
  started: number,
): Ending | null {
  if (job === null) return { verdict: "unlinked", detail: "the job is not there any more" };
  const links = linksFor(job.on, upstream.job, upstream.outcome);
  if (links.length === 0)
    return {
      verdict: "unlinked",
      detail: `the job does not start any more after a run of ${upstream.job} that ${wordsOf(upstream)}`,
    };
  if (job.isPaused) return { verdict: "paused", detail: "the job was paused" };
  if (isOfStranger(upstream) && !links.some(({ from_forks: fromForks }) => fromForks === true))
    return {
      verdict: "withheld",
      detail:
        "what the run before it was for is, or may be, from a fork; a job with from_forks: true in its on starts all the same, without secrets",
    };
  if (upstream.chain.depth > CHAIN_DEPTH_MAX)
    return {
      verdict: "bounded",
      detail: `${CHAIN_DEPTH_MAX} runs, one after the other, are before it; jobs that start after each other in a circle go on for ever`,
    };
  if (started >= CHAIN_RUNS_MAX)
    return {
      verdict: "bounded",
      detail: `${CHAIN_RUNS_MAX} runs have followed from run ${upstream.chain.rootId} already; jobs that start after each other in a circle go on for ever`,
    };
  return null;
}

/** Whether somebody must hear of it: what a job is made for does not happen, and nobody has asked for that. */
export function isAlarming({ verdict }: Ending): boolean {
  return verdict === "refused" || verdict === "bounded";
}

function wordsOf({ outcome }: RunUpstream): string {
  return outcome === "cancelled" ? "was cancelled" : outcome;
}

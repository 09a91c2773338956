/** Circles of jobs: such that start after each other, so that a run of one leads to another run of it. */

import { CHAIN_DEPTH_MAX } from "../limits.ts";

/**
 * The shortest circle that a job is in, in the order in which its jobs start, the job itself first and last; null where it is in none.
 * @param before the jobs after which one starts
 */
export function circleOf(job: string, before: (job: string) => readonly string[]): string[] | null {
  /** By each job that was reached, the one that starts after it. */
  const next = new Map<string, string>();
  const waiting = [job];
  for (let at = waiting.shift(); at !== undefined; at = waiting.shift())
    for (const other of before(at)) {
      if (other === job) return [job, ...wayTo(job, at, next)];
      if (next.has(other)) continue;
      next.set(other, at);
      waiting.push(other);
    }
  return null;
}

function wayTo(job: string, from: string, next: Map<string, string>): string[] {
  const after = from === job ? undefined : next.get(from);
  return after === undefined ? [job] : [from, ...wayTo(job, after, next)];
}

/** What there is to say of a circle, which can be meant: one of its jobs may end otherwise at some time. */
export function circleSentence(circle: readonly string[]): string {
  return `these jobs start after each other in a circle: ${circle.join(" → ")}; it goes on until one ends otherwise, or ${CHAIN_DEPTH_MAX} runs are in a row`;
}

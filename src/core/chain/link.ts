/** Link: that a Job starts after Runs of another end, by how these end. */

import type { FinalStatus } from "../run.ts";

/** After which ends of a run: one of its final statuses, or any of them. */
export const LINK_OUTCOMES = ["succeeded", "failed", "finished"] as const;
export type LinkOutcome = (typeof LINK_OUTCOMES)[number];

/** One of a job's `on`, as it was written. */
export interface LinkDefinition {
  /** The job whose runs are followed: a name, whether there is such a job yet or not. */
  job: string;
  /** `succeeded` where it is left out. */
  outcome?: LinkOutcome;
  /** True where it starts also after a run that builds a fork's change, and is given no secrets then. */
  from_forks?: boolean;
}

const FINISHED: readonly FinalStatus[] = ["succeeded", "failed", "cancelled"];

/** The statuses of runs after which a link starts its job. A run that somebody cancelled is finished, and neither of the others. */
export function statusesOf({ outcome = "succeeded" }: LinkDefinition): FinalStatus[] {
  return outcome === "finished" ? [...FINISHED] : [outcome];
}

/** The jobs after which one starts, each once. */
export function followedNames({ on = [] }: { on?: readonly LinkDefinition[] }): string[] {
  return [...new Set(on.map(({ job }) => job))];
}

/** The links of a job that are for such an end of a run. */
export function linksFor(
  on: readonly LinkDefinition[],
  job: string,
  status: FinalStatus,
): readonly LinkDefinition[] {
  return on.filter((link) => link.job === job && statusesOf(link).includes(status));
}

/** After which ends a job starts, by the statuses that are stored of its links: as few of the words as say it. */
export function outcomesOf(statuses: readonly FinalStatus[]): LinkOutcome[] {
  if (FINISHED.every((status) => statuses.includes(status))) return ["finished"];
  return LINK_OUTCOMES.filter((outcome) => outcome !== "finished" && statuses.includes(outcome));
}

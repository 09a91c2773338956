/**
 * Whose a job is: a label tells the project that applied it, so that each project prunes its own jobs and no others, nor those that were put
 * by hand.
 */

import type { JobDefinition } from "../core/job.ts";

export const PROJECT_LABEL = "mayfly/project";
export const PROJECT_DEFAULT = "default";

/** The definition as it is put by an apply. */
export function ofProject(definition: JobDefinition, project: string): JobDefinition {
  return { ...definition, labels: { ...definition.labels, [PROJECT_LABEL]: project } };
}

/** The definition as it stands in a file. */
export function withoutProject(definition: JobDefinition): JobDefinition {
  const { labels = {}, ...rest } = definition;
  const { [PROJECT_LABEL]: _, ...own } = labels;
  return Object.keys(own).length === 0 ? rest : { ...rest, labels: own };
}

/** Null: no project has applied it. */
export function projectOf({ labels }: Pick<JobDefinition, "labels">): string | null {
  return labels?.[PROJECT_LABEL] ?? null;
}

/** What an apply would change: jobs as files define them, beside those in force. */

import { meaningOf } from "../api/job-definition.ts";
import { AppError } from "../core/error.ts";
import { type DefinitionChange, diffDefinitions, type JobDefinition } from "../core/job.ts";
import { isSameJson } from "../core/same-json.ts";
import { ofProject, PROJECT_LABEL, projectOf, withoutProject } from "./project.ts";
import type { FileJob } from "./read.ts";

/** A job in force. */
export interface KnownJob {
  version: number;
  definition: JobDefinition;
}

export type Step = { name: string; project: string } & (
  | { action: "create"; definition: JobDefinition }
  | {
      action: "change";
      definition: JobDefinition;
      /** The version that the changes are told against: another is not to be replaced. */
      version: number;
      changes: DefinitionChange[];
      /** False where there are more changes than are told. */
      isWhole: boolean;
    }
  | { action: "keep"; version: number }
  | { action: "delete"; version: number }
);

/** @param known null where there is no such job */
export function stepFor({ name, project, definition }: FileJob, known: KnownJob | null): Step {
  const wanted = ofProject(definition, project);
  if (known === null) return { name, project, action: "create", definition: wanted };
  const { version } = known;
  const owner = projectOf(known.definition);
  // What no project has applied, and is as the file has it, is left alone: the label by itself is no reason for a version.
  if ((owner === null || owner === project) && isSame(definition, known.definition, name))
    return { name, project, action: "keep", version };
  const { changes, isWhole } = changesBetween(known.definition, wanted, name);
  return { name, project, action: "change", definition: wanted, version, changes, isWhole };
}

/** Whether what is in force is what the file's job was to become. */
export function isInForce(wanted: JobDefinition, known: JobDefinition, name: string): boolean {
  return projectOf(wanted) === projectOf(known) && isSame(wanted, known, name);
}

function isSame(wanted: JobDefinition, known: JobDefinition, name: string): boolean {
  const [a, b] = meanings(withoutProject(wanted), withoutProject(known), name);
  return isSameJson(a, b);
}

/** By what they mean, so that a default that is spelt out is no change. A first label of a project is not told: it goes without saying. */
function changesBetween(from: JobDefinition, to: JobDefinition, name: string) {
  const [known, wanted] = meanings(from, to, name);
  const isFirst = projectOf(from) === null;
  return diffDefinitions(isFirst ? withoutProject(known) : known, isFirst ? withoutProject(wanted) : wanted);
}

/** With defaults filled in; as they are written where this command does not know all that the one in force has, as it is older. */
function meanings(a: JobDefinition, b: JobDefinition, name: string): [JobDefinition, JobDefinition] {
  try {
    return [meaningOf(a, name), meaningOf(b, name)];
  } catch (error) {
    if (error instanceof AppError) return [a, b];
    throw error;
  }
}

/** Those of the projects that no file defines any more. */
export function pruned(
  known: readonly { name: string; version: number; labels: Record<string, string> }[],
  files: readonly { project: string }[],
  jobs: readonly FileJob[],
): Step[] {
  const projects = new Set(files.map(({ project }) => project));
  const defined = new Set(jobs.map(({ name }) => name));
  return known.flatMap(({ name, version, labels }) => {
    const project = labels[PROJECT_LABEL];
    return project !== undefined && projects.has(project) && !defined.has(name)
      ? [{ name, project, action: "delete" as const, version }]
      : [];
  });
}

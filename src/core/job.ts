/** A Job: a named definition of runs. Each change of it is a version with a number, and a run keeps what it was made from. */

import type { LinkDefinition } from "./chain/link.ts";
import { JOB_DIFF_MAX_CHANGES } from "./limits.ts";
import { isSameJson } from "./same-json.ts";

/** A name as jobs have it: also a part of concurrency keys, of queues' names and of files'. */
export const JOB_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** What a caller wrote of a job, checked: in the API's words, with no defaults filled in. */
export interface JobDefinition {
  description?: string;
  labels?: Record<string, string>;
  /** The spec of its runs, as `POST /v1/runs` takes it. */
  run: Record<string, unknown>;
  /** JSON Schema that the input of its runs is checked against. */
  input_schema?: Record<string, unknown>;
  /** When runs of it are submitted, as `api/schedule-schema.ts` takes them. */
  schedules?: Record<string, unknown>[];
  /** Who can have runs of it submitted by a call of a URL, as `api/hook-schema.ts` takes them. */
  hooks?: Record<string, unknown>[];
  /** After whose runs it starts. */
  on?: LinkDefinition[];
  /** A duration such as "25h": where no run of it succeeds for so long, an alert is recorded. */
  expect_every?: string;
}

export interface Job {
  orgId: string;
  name: string;
  /** The version in force. They count from 1, and go on counting after a delete. */
  version: number;
  /** Since when nothing but a caller starts runs of it; null where it is not paused. Epoch milliseconds, like every `…At`. */
  pausedAt: number | null;
  /** Null while it is there. Its versions are kept, and its runs tell of them. */
  deletedAt: number | null;
  /** A job of this name was first put. */
  createdAt: number;
  /** The version in force was put. */
  updatedAt: number;
}

/** How a version came about: it was put, or an earlier one was put into force again. */
export type VersionChange = { kind: "put" } | { kind: "rollback"; to: number };

/** Immutable. */
export interface JobVersion {
  version: number;
  definition: JobDefinition;
  change: VersionChange;
  createdAt: number;
}

/** The Job that a run is of, as it was when the run was accepted. */
export interface RunJob {
  name: string;
  version: number;
  /** Compact JSON of any value; of an empty object where none was given. */
  input: string;
}

/** What the command of a job's run finds in its environment, beside its own variables. */
export function jobEnvironment({ name, version, input }: RunJob): Record<string, string> {
  return {
    MAYFLY_JOB: name,
    MAYFLY_JOB_VERSION: String(version),
    MAYFLY_INPUT: input,
  };
}

/** One difference: a path has another value, or only one of two versions has it. */
export interface DefinitionChange {
  /** Names and numbers from the top, such as ["run", "env", "LEVEL"]. */
  path: string[];
  /** Undefined where only the later version has it; null is a value. */
  from: unknown;
  /** Undefined where only the earlier version has it. */
  to: unknown;
}

/**
 * What is different between two definitions, in the order of the earlier one's fields; at most `JOB_DIFF_MAX_CHANGES` changes, and
 * `isWhole` false where there are more.
 */
export function diffDefinitions(
  from: JobDefinition,
  to: JobDefinition,
): { changes: DefinitionChange[]; isWhole: boolean } {
  const changes: DefinitionChange[] = [];
  compare(from, to, [], changes);
  return {
    changes: changes.slice(0, JOB_DIFF_MAX_CHANGES),
    isWhole: changes.length <= JOB_DIFF_MAX_CHANGES,
  };
}

/** One change past the bound tells that there are more. */
function compare(from: unknown, to: unknown, path: string[], changes: DefinitionChange[]): void {
  if (changes.length > JOB_DIFF_MAX_CHANGES || isSameJson(from, to)) return;
  if (!isBranch(from) || !isBranch(to) || Array.isArray(from) !== Array.isArray(to)) {
    changes.push({ path, from, to });
    return;
  }
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)]))
    compare(ownValue(from, name), ownValue(to, name), [...path, name], changes);
}

function isBranch(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function ownValue(branch: object, name: string): unknown {
  return Object.hasOwn(branch, name) ? (branch as Record<string, unknown>)[name] : undefined;
}

/** Commits as they are looked for: by all of their hash, or by how it begins. */

import type { Change } from "./change.ts";

/** What begins a hash, in small letters: the shortest that Git itself shows, up to all of a SHA-1, or all of a SHA-256. */
export const COMMIT_PREFIX = /^(?:[0-9a-f]{7,40}|[0-9a-f]{64})$/;

/** What is wrong with another text. */
export const COMMIT_COMPLAINT =
  "must be a commit's hash, or how it begins: 7 to 40 hexadecimal digits, or the 64 of a SHA-256";

/** All of a SHA-1. A longer start is looked for as it is. */
export const WHOLE_COMMIT_CHARS = 40;

/** A branch that is looked for, also by its full ref, as CI systems have it in a variable. */
export function branchNameOf(text: string): string {
  return text.replace(/^refs\/heads\/(?=.)/s, "");
}

/** As many digits Bitbucket tells of the commit of a pull request, and no more. */
export const TOLD_COMMIT_CHARS = 12;

/** Whether a commit is the one that is looked for. One of which only the start was told is taken for it. */
export function isOfCommit(sha: string, prefix: string): boolean {
  return sha.startsWith(prefix) || (sha.length === TOLD_COMMIT_CHARS && prefix.startsWith(sha));
}

/**
 * The branch of whose runs a run is: the one that was pushed, or the head of a pull request within the repository. A fork's can have
 * any name, also that of a branch that is here.
 */
export function branchOf({ branch, pullRequest }: Pick<Change, "branch" | "pullRequest">): string | null {
  return branch ?? (pullRequest === null || pullRequest.isFork ? null : pullRequest.headRef);
}

/** The files that a push's commits touched, as GitHub, GitLab and Gitea list them. */

import type { Json } from "../core/hook/delivery.ts";
import { wellFormed } from "../core/utf8.ts";
import { listAt } from "./payload.ts";

/** GitHub cuts a list of a commit's files off at some thousands; one so long is not taken for all of them. */
const FILES_MAX = 3000;

/** Each path once, in order. Null where a commit does not tell its files, or has too many to tell. */
export function changedPaths(commits: readonly Json[]): string[] | null {
  const paths = new Set<string>();
  for (const commit of commits) {
    if (typeof commit !== "object" || commit === null || !("added" in commit || "modified" in commit))
      return null;
    for (const name of ["added", "modified", "removed"]) {
      const list = listAt(commit, name);
      if (list.length >= FILES_MAX) return null;
      for (const path of list) if (typeof path === "string") paths.add(wellFormed(path));
    }
  }
  return [...paths].sort();
}

/** The files that a push's commits touched, as GitHub, GitLab and Gitea list them. */

import type { Json } from "../core/hook/delivery.ts";
import { listAt } from "./payload.ts";

/** Each path once, in order. Null where a commit does not tell its files. */
export function changedPaths(commits: readonly Json[]): string[] | null {
  const paths = new Set<string>();
  for (const commit of commits) {
    if (typeof commit !== "object" || commit === null || !("added" in commit || "modified" in commit))
      return null;
    for (const list of ["added", "modified", "removed"])
      for (const path of listAt(commit, list)) if (typeof path === "string") paths.add(path);
  }
  return [...paths].sort();
}

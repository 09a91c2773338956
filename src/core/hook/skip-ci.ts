/**
 * The words by which a commit asks for no build: those of GitHub Actions
 * (https://docs.github.com/en/actions/how-tos/manage-workflow-runs/skip-workflow-runs), of which GitLab knows the first two, and Azure's.
 */

import type { Change } from "./change.ts";

const WORDS = /\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]|\*\*\*NO_CI\*\*\*/i;
/** A trailer is the last line. */
const TRAILER = /\nskip-checks: ?true\s*$/;

/** The word that was found, as it was written; null: none. */
export function skipWord({ message, pullRequest }: Change): string | null {
  const found =
    WORDS.exec(message ?? "") ?? TRAILER.exec(message ?? "") ?? WORDS.exec(pullRequest?.title ?? "");
  return found?.[0].trim() ?? null;
}

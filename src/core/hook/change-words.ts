/** What a run builds, in a few words. */

import type { changeJson } from "./change.ts";

type ChangeJson = Pick<ReturnType<typeof changeJson>, "ref" | "branch" | "tag" | "sha" | "pull_request">;

/** A branch can have any length, and the commit is to be seen beside it. */
const PLACE_MAX_CHARS = 40;
/** As many digits of a commit tell it from others in a list. */
const SHA_SHOWN_CHARS = 10;

/** "main 72d3162ecc", "tag v1.2 72d3162ecc", "#7 fix-gate 72d3162ecc". */
export function builtWords(change: ChangeJson): string {
  const { sha } = change;
  const chars = [...placeWords(change)];
  const place =
    chars.length > PLACE_MAX_CHARS ? `${chars.slice(0, PLACE_MAX_CHARS - 1).join("")}…` : chars.join("");
  return sha === null ? place : `${place} ${sha.slice(0, SHA_SHOWN_CHARS)}`;
}

function placeWords({ ref, branch, tag, pull_request: pull }: ChangeJson): string {
  if (pull !== null) return `#${pull.number} ${pull.head_ref}`;
  return branch ?? (tag === null ? ref : `tag ${tag}`);
}

/** Whether a delivery is about a pull or merge request, be it one of which no change can be made. */

import type { Json } from "../core/hook/delivery.ts";
import { CODE_SOURCES, type HookSource } from "../core/hook/spec.ts";
import { partAt } from "./payload.ts";

/**
 * Where senders put one beside what is said of it: GitHub and Gitea in reviews and in comments on it, GitLab in notes and pipelines,
 * Bitbucket Cloud and Data Center in all that is of one.
 */
const PLACES = [
  ["pull_request"],
  ["merge_request"],
  ["issue", "pull_request"],
  ["pullrequest"],
  ["pullRequest"],
];
/** Events that are named after one: GitLab has it in `object_attributes` then. Data Center has "pr:opened". */
const NAMED = /^(pull_?request|merge_request|pr:)/;

/** Only of senders of code: what a payload means of which nobody knows the sender, its hook's rules say. */
export function isOfPullRequest(source: HookSource, event: string, payload: Json): boolean {
  if (!CODE_SOURCES.has(source)) return false;
  return NAMED.test(event) || PLACES.some((place) => isThere(partAt(payload, ...place)));
}

/** GitLab and Gitea have null, or false, where there is none. */
function isThere(part: Json): boolean {
  return part !== null && part !== false;
}

/** Why a payload that should tell of a change was read without one. */

import type { Json } from "../core/hook/delivery.ts";
import type { HookSource } from "../core/hook/spec.ts";
import { DELIVERY_TEXT_MAX_CHARS } from "../core/limits.ts";
import { cloneUrlAt, commitAt, textAt } from "./payload.ts";
import { namedRef } from "./refs.ts";

/** Where each sender names the repository. */
const REPOSITORY: Partial<Record<HookSource, { url: string[]; name: string[] }>> = {
  github: { url: ["repository", "clone_url"], name: ["repository", "full_name"] },
  gitea: { url: ["repository", "clone_url"], name: ["repository", "full_name"] },
  gitlab: { url: ["project", "git_http_url"], name: ["project", "path_with_namespace"] },
};
const PUSHES = new Set(["push", "tag_push"]);
const OF_CHANGES = new Set([...PUSHES, "create", "delete", "release", "pull_request", "merge_request"]);

/** A sentence about the field that was not understood; null where its event tells of no change, or all of this is as it should be. */
export function notUnderstood(source: HookSource, event: string, payload: Json): string | null {
  const places = REPOSITORY[source];
  if (places === undefined || !OF_CHANGES.has(event)) return null;
  const { url, name } = places;
  if (cloneUrlAt(payload, ...url) === null)
    return saying(payload, url, "no http or https URL of a repository without a user in it");
  if (textAt(payload, ...name) === null) return saying(payload, name, "no name");
  if (!PUSHES.has(event)) return null;
  if (namedRef(textAt(payload, "ref")) === null)
    return saying(payload, ["ref"], "neither a branch (refs/heads/…) nor a tag (refs/tags/…)");
  return commitAt(payload, "after") === null ? saying(payload, ["after"], "no commit's id") : null;
}

/** Without what may be a password. */
function saying(payload: Json, path: string[], lacking: string): string {
  const text = textAt(payload, ...path)?.replace(/\/\/.*@/, "//…@");
  const place = path.join(".");
  return text === undefined
    ? `${place} is missing`
    : `${place} is ${JSON.stringify(text.slice(0, DELIVERY_TEXT_MAX_CHARS / 4))}, which is ${lacking}`;
}

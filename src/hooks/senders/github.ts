/**
 * GitHub. Headers, signature and payloads: https://docs.github.com/en/webhooks (Validating webhook deliveries; Webhook events and payloads).
 */

import type { Change, PullRequest } from "../../core/hook/change.ts";
import type { Json } from "../../core/hook/delivery.ts";
import { bodyClaim } from "../body-claim.ts";
import { changedPaths } from "../changed-paths.ts";
import {
  cloneUrlAt,
  commitAt,
  isNoCommitAt,
  listAt,
  numberAt,
  partAt,
  pushedCommitAt,
  textAt,
} from "../payload.ts";
import { branchRef, namedRef, tagRef } from "../refs.ts";
import type { Sender } from "../sender.ts";

/** A push's payload has at most so many commits (documentation of `push`), on Enterprise Servers of before 2023 this many. */
const COMMITS_MAX = 2048;
const COMMITS_ONCE_MAX = 20;

const NEW_COMMITS = new Set(["opened", "reopened", "synchronize"]);

export const github: Sender = {
  sendsForms: true,

  claim: (headers, rawBody) => bodyClaim(headers.get("x-hub-signature-256"), rawBody, { prefix: "sha256=" }),

  read(headers, payload) {
    const event = headers.get("x-github-event");
    if (event === null) return { complaint: "the header X-GitHub-Event is missing: is the sender GitHub?" };
    const change = changeOf(event, payload);
    return {
      deliveryId: headers.get("x-github-delivery"),
      event,
      action: textAt(payload, "action"),
      changes: change === null ? [] : [change],
      isPing: event === "ping",
    };
  },

  kept: () => (header) => header.startsWith("x-github-"),
};

function changeOf(event: string, payload: Json): Change | null {
  const url = cloneUrlAt(payload, "repository", "clone_url");
  const fullName = textAt(payload, "repository", "full_name");
  if (url === null || fullName === null) return null;
  const repository = { url, fullName, isPrivate: partAt(payload, "repository", "private") === true };
  const common = { repository, author: textAt(payload, "sender", "login") };
  if (event === "push") return pushed(payload, common);
  if (event === "create" || event === "delete") return named(event, payload, common);
  if (event === "release") return released(payload, common);
  return requested(payload, common, NEW_COMMITS);
}

type Common = Pick<Change, "repository" | "author">;

function pushed(payload: Json, common: Common): Change | null {
  const ref = namedRef(textAt(payload, "ref"));
  if (ref === null) return null;
  const commits = listAt(payload, "commits");
  const sha = pushedCommitAt(payload, ref.tag, "head_commit", "id");
  const isDeleted = isNoCommitAt(payload, "after") || partAt(payload, "deleted") === true;
  if (sha === null && !isDeleted) return null;
  // Of a push by force the commits that it took away are not told, of a new branch without commits of its own none.
  const isTold =
    ref.branch !== null &&
    !isDeleted &&
    partAt(payload, "forced") !== true &&
    commits.length > 0 &&
    commits.length < COMMITS_MAX &&
    commits.length !== COMMITS_ONCE_MAX;
  return {
    kind: isDeleted ? "delete" : ref.tag === null ? "push" : "tag",
    ...common,
    ...ref,
    sha: isDeleted ? null : sha,
    before: commitAt(payload, "before"),
    message: textAt(payload, "head_commit", "message"),
    paths: isTold ? changedPaths(commits) : null,
    author: common.author ?? textAt(payload, "pusher", "name"),
    pullRequest: null,
  };
}

/** Of `create` and `delete`, which Gitea took over from GitHub, as it did much else. */
export function named(event: "create" | "delete", payload: Json, common: Common): Change | null {
  const name = textAt(payload, "ref");
  const type = textAt(payload, "ref_type");
  if (name === null || (type !== "branch" && type !== "tag")) return null;
  return {
    kind: event === "delete" ? "delete" : type === "tag" ? "tag" : "push",
    ...common,
    ...(type === "tag" ? tagRef(name) : branchRef(name)),
    sha: event === "delete" ? null : commitAt(payload, "sha"),
    before: null,
    message: null,
    paths: null,
    pullRequest: null,
  };
}

/** Of `release`, which Gitea has, too: the tag that it is of. A draft need not have one yet. */
export function released(payload: Json, common: Common): Change | null {
  const release = partAt(payload, "release");
  const tag = textAt(release, "tag_name");
  if (tag === null || partAt(release, "draft") === true) return null;
  return {
    kind: "tag",
    ...common,
    ...tagRef(tag),
    sha: null,
    before: null,
    message: null,
    paths: null,
    pullRequest: null,
  };
}

/**
 * Of all that has a pull request with its head and base in it, reviews too; null for all else.
 * @param isOfBranch whether the head is a branch that somebody who may write has pushed; in doubt it is not
 */
export function requested(
  payload: Json,
  common: Common,
  newCommits: ReadonlySet<string>,
  isOfBranch: (asked: Json) => boolean = () => true,
): Change | null {
  const asked = partAt(payload, "pull_request");
  const number = numberAt(asked, "number") ?? numberAt(payload, "number");
  const headRef = textAt(asked, "head", "ref");
  const baseRef = textAt(asked, "base", "ref");
  if (number === null || headRef === null || baseRef === null) return null;
  const action = textAt(payload, "action") ?? "";
  const headUrl = cloneUrlAt(asked, "head", "repo", "clone_url");
  const headName = textAt(asked, "head", "repo", "full_name");
  const pullRequest: PullRequest = {
    number,
    action,
    hasNewCommits:
      partAt(payload, "review") === null && partAt(payload, "comment") === null && newCommits.has(action),
    title: textAt(asked, "title") ?? "",
    headRef,
    baseRef,
    isFork:
      headName === null ||
      headName !== textAt(asked, "base", "repo", "full_name") ||
      headName !== common.repository.fullName ||
      headRef.startsWith("refs/") ||
      !isOfBranch(asked),
    headRepository: headUrl === null || headName === null ? null : { url: headUrl, fullName: headName },
  };
  return {
    kind: "pull_request",
    ...common,
    ref: `refs/pull/${number}/head`,
    branch: null,
    tag: null,
    sha: commitAt(asked, "head", "sha"),
    before: commitAt(payload, "before"),
    message: null,
    paths: null,
    pullRequest,
  };
}

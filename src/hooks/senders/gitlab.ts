/**
 * GitLab. https://docs.gitlab.com/user/project/integrations/webhooks/ (headers, secret token, signing token) and …/webhook_events/ (payloads).
 * A signing token ("whsec_…") signs as Standard Webhooks do; a secret token is shown in a header.
 */

import type { Change } from "../../core/hook/change.ts";
import type { Json } from "../../core/hook/delivery.ts";
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
import { namedRef } from "../refs.ts";
import type { Sender } from "../sender.ts";
import { SIGNING_SECRET, standardClaim } from "../standard-claim.ts";

/** `visibility_level` of a project that everybody sees; 10 is for who is signed in, 0 for members. */
const PUBLIC = 20;

export const gitlab: Sender = {
  claim(headers, rawBody) {
    const shown = headers.get("x-gitlab-token");
    const isSigned = headers.has("webhook-signature");
    return {
      ...standardClaim(headers, rawBody),
      ...(!isSigned && { signedAtS: null }),
      token: { shown, isShown: (secret) => !secret.startsWith(SIGNING_SECRET) },
    };
  },

  read(headers, payload) {
    const header = headers.get("x-gitlab-event");
    if (header === null) return { complaint: "the header X-Gitlab-Event is missing: is the sender GitLab?" };
    const event =
      textAt(payload, "object_kind") ??
      textAt(payload, "event_name") ??
      header
        .replace(/ Hook$/, "")
        .replaceAll(" ", "_")
        .toLowerCase();
    const change = changeOf(event, payload);
    return {
      deliveryId: headers.get("idempotency-key") ?? headers.get("webhook-id"),
      // Of before 17.4: the same for all deliveries of one event, and of what those have set off.
      idPart: headers.get("x-gitlab-event-uuid"),
      event,
      action: textAt(payload, "object_attributes", "action") ?? textAt(payload, "action"),
      changes: change === null ? [] : [change],
      isPing: false,
    };
  },

  kept: () => (header) =>
    /^(x-gitlab-(event|event-uuid|webhook-uuid|instance)|idempotency-key|webhook-(id|timestamp))$/.test(
      header,
    ),
};

function changeOf(event: string, payload: Json): Change | null {
  const project = partAt(payload, "project");
  const url = cloneUrlAt(project, "git_http_url");
  const fullName = textAt(project, "path_with_namespace");
  if (url === null || fullName === null) return null;
  const isPrivate = numberAt(project, "visibility_level") !== PUBLIC;
  const repository = { url, fullName, isPrivate };
  if (event === "push" || event === "tag_push") return pushed(payload, repository);
  return event === "merge_request" ? requested(payload, repository) : null;
}

function pushed(payload: Json, repository: Change["repository"]): Change | null {
  const ref = namedRef(textAt(payload, "ref"));
  if (ref === null) return null;
  const commits = listAt(payload, "commits");
  const sha = pushedCommitAt(payload, ref.tag, "checkout_sha");
  if (sha === null && !isNoCommitAt(payload, "after")) return null;
  const head = commits.find((commit) => textAt(commit, "id") === sha) ?? null;
  // The newest 20 alone are listed.
  const isTold =
    ref.branch !== null &&
    commits.length > 0 &&
    (numberAt(payload, "total_commits_count") ?? Number.POSITIVE_INFINITY) <= commits.length;
  return {
    kind: sha === null ? "delete" : ref.tag === null ? "push" : "tag",
    repository,
    ...ref,
    sha,
    before: commitAt(payload, "before"),
    message: textAt(head, "message"),
    paths: isTold && sha !== null ? changedPaths(commits) : null,
    author: textAt(payload, "user_username") ?? textAt(payload, "user_name"),
    pullRequest: null,
  };
}

function requested(payload: Json, repository: Change["repository"]): Change | null {
  const asked = partAt(payload, "object_attributes");
  const number = numberAt(asked, "iid");
  const headRef = textAt(asked, "source_branch");
  const baseRef = textAt(asked, "target_branch");
  if (number === null || headRef === null || baseRef === null) return null;
  const action = textAt(asked, "action") ?? "";
  const before = commitAt(asked, "oldrev");
  const source = numberAt(asked, "source_project_id");
  const headUrl = cloneUrlAt(asked, "source", "git_http_url");
  const headName = textAt(asked, "source", "path_with_namespace");
  return {
    kind: "pull_request",
    repository,
    ref: `refs/merge-requests/${number}/head`,
    branch: null,
    tag: null,
    sha: commitAt(asked, "last_commit", "id"),
    before,
    message: textAt(asked, "last_commit", "message"),
    paths: null,
    author: textAt(payload, "user", "username") ?? textAt(payload, "user", "name"),
    pullRequest: {
      number,
      action,
      // An update that is not of commits has no `oldrev`.
      hasNewCommits: action === "open" || action === "reopen" || (action === "update" && before !== null),
      title: textAt(asked, "title") ?? "",
      headRef,
      baseRef,
      isFork:
        source === null ||
        source !== numberAt(asked, "target_project_id") ||
        headName !== repository.fullName,
      headRepository: headUrl === null || headName === null ? null : { url: headUrl, fullName: headName },
    },
  };
}

/**
 * Gitea, and Forgejo, which sends Gitea's headers beside its own. https://docs.gitea.com/usage/webhooks; what it sends of each event and how
 * it signs: `services/webhook/deliver.go` and `modules/structs/hook.go` of its source.
 */

import type { Change } from "../../core/hook/change.ts";
import type { Json } from "../../core/hook/delivery.ts";
import { bodyClaim } from "../body-claim.ts";
import { changedPaths } from "../changed-paths.ts";
import { utf8Bytes } from "../encodings.ts";
import { formPayload } from "../form.ts";
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
import { named, released, requested } from "./github.ts";

/** Of a new branch it looks at so many of its own commits, the newest (`pushNewBranch` of `services/repository/push.go`), and counts no others. */
const NEW_BRANCH_COMMITS_MAX = 10;

const NEW_COMMITS = new Set(["opened", "reopened", "synchronized"]);

export const gitea: Sender = {
  sendsForms: true,

  claim(headers, rawBody) {
    // Of a form not the body is signed but the JSON in it.
    const payload = formPayload(rawBody);
    const signed = payload === null ? rawBody : utf8Bytes(payload);
    return bodyClaim(headers.get("x-gitea-signature") ?? headers.get("x-forgejo-signature"), signed);
  },

  read(headers, payload) {
    const event = headers.get("x-gitea-event") ?? headers.get("x-forgejo-event");
    if (event === null) return { complaint: "the header X-Gitea-Event is missing: is the sender Gitea?" };
    const change = changeOf(event, payload);
    return {
      deliveryId: headers.get("x-gitea-delivery") ?? headers.get("x-forgejo-delivery"),
      event,
      action: textAt(payload, "action"),
      changes: change === null ? [] : [change],
      isPing: false,
    };
  },

  kept: () => (header) => /^x-(gitea|forgejo)-(event|event-type|delivery)$/.test(header),
};

/**
 * Whoever can read may push to "refs/for/main" (AGit), which makes a pull request without a branch: `ToAPIPullRequest` of
 * `services/convert/pull.go` tells the base's repository as its head's, with an empty label. Forgejo tells its flow, too, of which 0 is that of
 * branches. Gitea Actions take it for a fork's as well (go-gitea/gitea#23884).
 */
function isOfBranch(asked: Json): boolean {
  const flow = partAt(asked, "flow");
  return textAt(asked, "head", "label") !== null && (flow === null || flow === 0);
}

function changeOf(event: string, payload: Json): Change | null {
  const url = cloneUrlAt(payload, "repository", "clone_url");
  const fullName = textAt(payload, "repository", "full_name");
  if (url === null || fullName === null) return null;
  const common = {
    repository: { url, fullName, isPrivate: partAt(payload, "repository", "private") === true },
    author: textAt(payload, "sender", "login") ?? textAt(payload, "sender", "username"),
  };
  if (event === "create" || event === "delete") return named(event, payload, common);
  if (event === "release") return released(payload, common);
  if (event !== "push") return requested(payload, common, NEW_COMMITS, isOfBranch);
  const ref = namedRef(textAt(payload, "ref"));
  if (ref === null) return null;
  const commits = listAt(payload, "commits");
  const sha = pushedCommitAt(payload, ref.tag, "head_commit", "id");
  if (sha === null && !isNoCommitAt(payload, "after")) return null;
  const head = commits.find((commit) => textAt(commit, "id") === sha) ?? partAt(payload, "head_commit");
  const before = commitAt(payload, "before");
  // It shows the newest alone: five, unless `[ui] FEED_MAX_COMMIT_NUM` says otherwise. Of a push by force it tells nothing but the new ones.
  const isTold =
    ref.branch !== null &&
    commits.length > 0 &&
    (numberAt(payload, "total_commits") ?? 0) <= commits.length &&
    (before !== null || commits.length < NEW_BRANCH_COMMITS_MAX);
  return {
    kind: sha === null ? "delete" : ref.tag === null ? "push" : "tag",
    ...common,
    ...ref,
    sha,
    before,
    message: textAt(head, "message"),
    paths: isTold && sha !== null ? changedPaths(commits) : null,
    pullRequest: null,
  };
}

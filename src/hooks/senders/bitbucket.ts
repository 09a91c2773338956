/**
 * Bitbucket Cloud. https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/ (headers, secret) and …/event-payloads/. Bitbucket Data
 * Center signs alike and has other events, which are read without a change.
 */

import type { Change } from "../../core/hook/change.ts";
import type { Json } from "../../core/hook/delivery.ts";
import { bodyClaim } from "../body-claim.ts";
import { cloneUrlAt, commitAt, listAt, numberAt, partAt, textAt } from "../payload.ts";
import { branchRef, type NamedRef, tagRef } from "../refs.ts";
import type { Sender } from "../sender.ts";

export const bitbucket: Sender = {
  claim: (headers, rawBody) => bodyClaim(headers.get("x-hub-signature"), rawBody, { prefix: "sha256=" }),

  read(headers, payload) {
    const event = headers.get("x-event-key");
    if (event === null) return { complaint: "the header X-Event-Key is missing: is the sender Bitbucket?" };
    return {
      deliveryId: headers.get("x-request-uuid") ?? headers.get("x-request-id"),
      event,
      action: null,
      changes: changesOf(event, payload),
      isPing: event === "diagnostics:ping",
    };
  },

  kept: () => (header) => /^x-(event-key|request-uuid|request-id|hook-uuid|attempt-number)$/.test(header),
};

function changesOf(event: string, payload: Json): readonly Change[] {
  const named = repositoryIn(payload, "repository");
  if (named === null) return [];
  const isPrivate = partAt(payload, "repository", "is_private") !== false;
  const actor = partAt(payload, "actor");
  const author = textAt(actor, "username") ?? textAt(actor, "nickname") ?? textAt(actor, "display_name");
  const common = { repository: { ...named, isPrivate }, author };
  if (event === "repo:push")
    return listAt(payload, "push", "changes")
      .map((change) => pushed(change, common))
      .filter((change) => change !== null);
  const change = event.startsWith("pullrequest:") ? requested(event, payload, common) : null;
  return change === null ? [] : [change];
}

type Common = Pick<Change, "repository" | "author">;

/** Each ref that the push moved is a change of its own. */
function pushed(change: Json, common: Common): Change | null {
  const now = partAt(change, "new");
  const was = partAt(change, "old");
  const ref = refOf(now) ?? refOf(was);
  if (ref === null) return null;
  return {
    kind: now === null ? "delete" : ref.tag === null ? "push" : "tag",
    ...common,
    ...ref,
    sha: commitAt(now, "target", "hash"),
    before: commitAt(was, "target", "hash"),
    message: textAt(now, "target", "message"),
    // Its payloads do not name files.
    paths: null,
    pullRequest: null,
  };
}

function refOf(named: Json): NamedRef | null {
  const name = textAt(named, "name");
  if (name === null) return null;
  const type = textAt(named, "type");
  return type === "branch"
    ? branchRef(name)
    : type === "tag" || type === "annotated_tag"
      ? tagRef(name)
      : null;
}

function requested(event: string, payload: Json, common: Common): Change | null {
  const asked = partAt(payload, "pullrequest");
  const number = numberAt(asked, "id");
  const headRef = textAt(asked, "source", "branch", "name");
  const baseRef = textAt(asked, "destination", "branch", "name");
  if (number === null || headRef === null || baseRef === null) return null;
  const action = event.slice("pullrequest:".length);
  const headRepository = repositoryIn(asked, "source", "repository");
  return {
    kind: "pull_request",
    ...common,
    ref: branchRef(headRef).ref,
    branch: null,
    tag: null,
    sha: commitAt(asked, "source", "commit", "hash"),
    before: null,
    message: null,
    paths: null,
    pullRequest: {
      number,
      action,
      // An update is of commits, or of the title and the text alone: nothing tells which.
      hasNewCommits: action === "created" || action === "updated",
      title: textAt(asked, "title") ?? "",
      headRef,
      baseRef,
      isFork:
        headRepository === null ||
        headRepository.fullName !== textAt(asked, "destination", "repository", "full_name") ||
        headRepository.fullName !== common.repository.fullName,
      headRepository,
    },
  };
}

/** Where its page is, it can be cloned from. */
function repositoryIn(payload: Json, ...names: string[]): { url: string; fullName: string } | null {
  const fullName = textAt(payload, ...names, "full_name");
  if (fullName === null || !/^[^\s/@?#]+\/[^\s/@?#]+$/.test(fullName)) return null;
  const page = cloneUrlAt(payload, ...names, "links", "html", "href") ?? `https://bitbucket.org/${fullName}`;
  return { url: `${page}.git`, fullName };
}

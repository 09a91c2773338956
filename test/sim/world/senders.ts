/** The senders of simulated hooks: what each delivers, signed as its source signs. */

import { createHmac } from "node:crypto";
import { DELIVERY_BODY_KEPT_BYTES } from "../../../src/core/limits.ts";
import type { DeliverySummary } from "../../../src/flow/ports/hooks.ts";
import { bitbucketPush, bitbucketRef } from "../../hooks/payloads.ts";
import { aPullRequest, aPush } from "../../support/signed.ts";
import type { Chance } from "../chance.ts";

/** With which all of them sign. */
export const HOOK_SECRET = "it is known to both sides";
/** Of what every hook takes. */
export const WANTED_BRANCHES = ["main", "release/*"];

/** The sources that hooks are of. Their names are those of the hooks. */
export const SOURCES = ["github", "bitbucket"] as const;
export type SimSource = (typeof SOURCES)[number];

/** What one ref of a delivery is. */
export interface SentRef {
  /** The row's in the ledger. */
  id: string;
  /** Whether the hook's rules let it pass. */
  isWanted: boolean;
  sha: string;
}

export interface SentDelivery {
  number: number;
  job: string;
  source: SimSource;
  id: string;
  refs: SentRef[];
  /** It is not signed by whoever knows the secret. */
  isForged: boolean;
  /** What it tells of is a fork's. */
  isOfFork: boolean;
  headers: Headers;
  body: Uint8Array;
  /** When it was first called with, by a right clock; null before. */
  firstAt: number | null;
  /** When a call of it was made or answered last. */
  lastAt: number;
  /** What was answered, in order. */
  answers: { at: number; kind: "recorded" | "unknown" | "unreadable"; delivery: DeliverySummary | null }[];
}

/** Few of each, so that several runs report on one commit. */
const COMMITS = ["a", "b", "c"];
const BRANCHES: readonly [string, ...string[]] = ["main", "main", "release/1", "wip"];

export function aDelivery(number: number, job: string, chance: Chance): SentDelivery {
  const source = chance.pick("source of a delivery", SOURCES);
  const id = `delivery-${number}`;
  const isForged = chance.fault("a forged delivery", 0.1);
  const isOfFork = source === "github" && chance.fault("a fork's pull request", 0.15);
  const several = source === "bitbucket" && chance.fault("a delivery of several refs", 0.5);
  const count = several ? chance.between("refs of a delivery", 2, 3) : 1;
  const refs = Array.from({ length: count }, (_, index) => {
    const branch = chance.pick("branch of a delivery", BRANCHES);
    const sha = chance.pick("commit of a delivery", COMMITS as [string, ...string[]]).repeat(40);
    const isDeleted = !isOfFork && chance.number("a branch is deleted") < 0.1;
    return { id: index === 0 ? id : `${id}+ref.${index + 1}`, branch, sha, isDeleted };
  });
  const payload = payloadOf(source, refs, isOfFork);
  // More than a row keeps of a body.
  const filling = chance.fault("a large delivery", 0.05) ? "x".repeat(DELIVERY_BODY_KEPT_BYTES) : "";
  const body = new TextEncoder().encode(JSON.stringify({ ...payload, filling }));
  const event = isOfFork ? "pull_request" : "push";
  const signature = `sha256=${createHmac("sha256", isForged ? "a guess" : HOOK_SECRET)
    .update(body)
    .digest("hex")}`;
  const headers: Record<string, string> =
    source === "github"
      ? { "x-github-event": event, "x-github-delivery": id, "x-hub-signature-256": signature }
      : { "x-event-key": "repo:push", "x-request-uuid": id, "x-hub-signature": signature };
  return {
    number,
    job,
    source,
    id,
    refs: refs.map(({ branch, isDeleted, ...ref }) => ({
      ...ref,
      isWanted: isOfFork || (!isDeleted && branch !== "wip"),
    })),
    isForged,
    isOfFork,
    headers: new Headers({ "content-type": "application/json", ...headers }),
    body,
    firstAt: null,
    lastAt: 0,
    answers: [],
  };
}

type DrawnRef = SentRef & { branch: string; isDeleted: boolean };

function payloadOf(
  source: SimSource,
  refs: Omit<DrawnRef, "isWanted">[],
  isOfFork: boolean,
): Record<string, unknown> {
  if (isOfFork) return aPullRequest("stranger/hello");
  if (source === "bitbucket")
    return bitbucketPush(
      refs.map(({ branch, sha, isDeleted }): ReturnType<typeof bitbucketRef> => {
        const named = bitbucketRef("branch", branch, sha);
        return isDeleted ? { new: null, old: named, closed: true } : { new: named, old: null, created: true };
      }),
    );
  const [ref] = refs;
  const { branch, sha, isDeleted } = ref as DrawnRef;
  return aPush(branch, { after: isDeleted ? "0".repeat(40) : sha, deleted: isDeleted });
}

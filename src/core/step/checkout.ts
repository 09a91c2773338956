/** Checkout: a git repository at one commit, brought into the Machine before the run's own steps. */

import type { Change, PullRequest } from "../hook/change.ts";

/** What is to be checked out, complete but for the repository where that is to come from whoever starts the run. */
export interface Checkout {
  /** An https, http or ssh URL, or `git@host:path`; null where the change that starts the run says which. */
  repository: string | null;
  /** A commit's id, a branch, a tag or a full ref; null for the change's commit, or without a change the repository's own default branch. */
  ref: string | null;
  /** Where it goes: absolute, or relative to the image's working directory. */
  path: string;
  /** How many commits of its history; 0 for all. */
  depth: number;
  submodules: Submodules;
  /** Name of a secret: a token that is given where the repository's host asks for one. */
  token: string | null;
  /** Hosts that it is given, too, where a change says that the repository is there (`token-host.ts`); absent where none is named. */
  tokenHosts?: readonly string[];
  /** Name of a secret: a private key for ssh. */
  deployKey: string | null;
}

export type Submodules = (typeof SUBMODULES)[number];

export const SUBMODULES = ["none", "top", "recursive"] as const;

/** Where a checkout goes unless it says otherwise. */
export const CHECKOUT_PATH = "/workspace";

/**
 * The variables in which the checkout's secrets are given. They reach no process but those of the checkout's own step, which are gone before the
 * next step begins: see `secret-giving.ts` and `steps-program.ts`.
 */
export const CHECKOUT_TOKEN_VARIABLE = "MAYFLY_CHECKOUT_TOKEN";
export const DEPLOY_KEY_VARIABLE = "MAYFLY_DEPLOY_KEY";

/** A commit's whole name (SHA-1 or SHA-256), by which alone it can be fetched. */
export const WHOLE_COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** True for what looks like the beginning of a commit's name, as people write it. It can be a branch or a tag, too. */
export function isCutCommit(ref: string): boolean {
  return /^[0-9a-f]{7,39}$/.test(ref);
}

/** What of a change in a repository a checkout takes where it does not say otherwise itself. */
export interface CheckedOutChange {
  /** Where what has changed can be fetched from. */
  repository: { url: string };
  /** The one whose hook told: another than that for a fork's pull request at a sender that has no refs of those. */
  base: { url: string };
  /** The commit; null where the change is of none. */
  sha: string | null;
  ref: string;
}

type ToldChange = Pick<Change, "sha" | "ref"> & {
  repository: { url: string };
  pullRequest: Pick<PullRequest, "headRepository" | "isFork"> | null;
};

/** What of a change can be fetched. Bitbucket has no refs of pull requests, and cuts the names of their commits: there it is the head's branch. */
export function checkedOutChange({ repository, sha, ref, pullRequest }: ToldChange): CheckedOutChange {
  const base = repository;
  if (sha === null || WHOLE_COMMIT.test(sha)) return { repository, base, sha, ref };
  // What is no fork is where the hook's repository is, whatever else is said of its head.
  const head = pullRequest?.isFork ? pullRequest.headRepository : null;
  return { repository: head ?? repository, base, sha: null, ref };
}

/**
 * The checkout with what it leaves to the change that starts the run. One that names its repository is left alone, unless that is the change's
 * own, which it goes on naming as it does; of a fork it is the fork's that has the commit.
 */
export function checkoutOfChange(checkout: Checkout, change: CheckedOutChange): Checkout {
  if (isOfOther(checkout, change)) return checkout;
  const { repository, ref } = checkout;
  if (ref !== null) return { ...checkout, repository: repository ?? change.base.url };
  const { url } = change.repository;
  const isNamed = repository !== null && isSameRepository(repository, url);
  return { ...checkout, repository: isNamed ? repository : url, ref: change.sha ?? change.ref };
}

/** True where a run's checkout names another repository than the one that has changed, so that nothing of the change is checked out. */
export function isOfOtherRepository(checkout: Checkout | null, change: ToldChange | null): boolean {
  return checkout !== null && change !== null && isOfOther(checkout, checkedOutChange(change));
}

function isOfOther({ repository: named }: Checkout, { repository, base }: CheckedOutChange): boolean {
  return named !== null && ![repository, base].some(({ url }) => isSameRepository(named, url));
}

/** Whether two URLs name one repository: by host and path, however it is asked, and as hosts have it in capitals or not. */
function isSameRepository(a: string, b: string): boolean {
  return placeOf(a) === placeOf(b);
}

function placeOf(url: string): string {
  const { host, path } = partsOfRepository(url) ?? { host: "", path: url };
  const name = host.replace(/:\d+$/, "");
  return `${name}/${path.replace(/^\/+|\/+$/g, "").replace(/\.git$/i, "")}`.toLowerCase();
}

/** A repository's URL with its scheme in small letters: git knows no other. */
export function writtenRepository(url: string): string {
  return url.replace(/^[a-z]+:\/\//i, (scheme) => scheme.toLowerCase());
}

/** What a repository's URL says; null where it is none that a checkout takes. */
export function partsOfRepository(
  url: string,
): { scheme: "https" | "http" | "ssh"; user: string | null; host: string; path: string } | null {
  const full = /^(https?|ssh):\/\/(?:([^/@\s]*)@)?([^/@\s]+)\/(\S+)$/i.exec(url);
  if (full) {
    const [, scheme = "", user, host = "", path = ""] = full;
    return { scheme: scheme.toLowerCase() as "https", user: user ?? null, host, path };
  }
  const short = /^([A-Za-z0-9._-]+)@([A-Za-z0-9.-]+):(?!\/\/)(\S+)$/.exec(url);
  return short ? { scheme: "ssh", user: short[1] ?? null, host: short[2] ?? "", path: short[3] ?? "" } : null;
}

/** Why a repository's URL is not taken; null where it is. */
export function repositoryComplaint(url: string): string | null {
  const parts = partsOfRepository(url);
  if (parts === null)
    return "must be the URL of a git repository: https://host/path, ssh://host/path or git@host:path";
  if (parts.host.startsWith("-") || parts.path.startsWith("-") || parts.user?.startsWith("-"))
    return 'can not have a host, path or user that starts with "-"';
  if (parts.user !== null && (parts.scheme !== "ssh" || parts.user.includes(":")))
    return `can not have a user, a password or a token in it, as it is shown; set that as a secret and name it in ${parts.scheme === "ssh" ? "deploy_key" : "token"}`;
  return null;
}

/** Why a ref is not taken; null where it is: what git's check-ref-format takes, and commits' ids. */
export function refComplaint(ref: string): string | null {
  const isRef =
    !/^[-/]|\/$|\/\/|\.\.|@\{|\\|[\s~^:?*[\u0000-\u001f\u007f]|\.$|(?:^|\/)\.|\.lock(?:\/|$)/.test(ref) &&
    ref !== "@";
  return isRef ? null : "must be a commit's whole id, a branch, a tag or a ref such as refs/pull/7/head";
}

/** The variables of a checkout's secrets, and their names. */
export function checkoutSecrets(checkout: Checkout | null): Record<string, string> {
  return {
    ...(checkout?.token && { [CHECKOUT_TOKEN_VARIABLE]: checkout.token }),
    ...(checkout?.deployKey && { [DEPLOY_KEY_VARIABLE]: checkout.deployKey }),
  };
}

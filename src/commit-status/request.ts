/**
 * The HTTP request that sets a commit's status, by its source. Documents:
 * - GitHub: https://docs.github.com/en/rest/commits/statuses#create-a-commit-status
 * - GitLab: https://docs.gitlab.com/api/commits/#set-commit-pipeline-status
 * - Gitea and Forgejo: their OpenAPI document, `POST /repos/{owner}/{repo}/statuses/{sha}`
 * - Bitbucket Cloud: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses/
 */

import { PUBLIC_APIS, type ReportSource } from "../core/commit-status/report.ts";
import type { CommitState } from "../core/commit-status/state.ts";
import type { CommitStatus } from "../core/commit-status/status.ts";
import { hexOf } from "../core/hex.ts";
import { BITBUCKET_KEY_MAX_CHARS } from "../core/limits.ts";

export interface StatusRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** Each source's own words for the states. */
export const STATES: Record<ReportSource, Record<CommitState, string>> = {
  github: {
    pending: "pending",
    running: "pending",
    success: "success",
    failure: "failure",
    error: "error",
    cancelled: "error",
  },
  gitea: {
    pending: "pending",
    running: "pending",
    success: "success",
    failure: "failure",
    error: "error",
    cancelled: "error",
  },
  gitlab: {
    pending: "pending",
    running: "running",
    success: "success",
    failure: "failed",
    error: "failed",
    cancelled: "canceled",
  },
  bitbucket: {
    pending: "INPROGRESS",
    running: "INPROGRESS",
    success: "SUCCESSFUL",
    failure: "FAILED",
    error: "FAILED",
    cancelled: "STOPPED",
  },
};

const SHA = /^[0-9a-f]{7,64}$/i;
/** As owners and repositories are called; of one's own dots alone a path would lead elsewhere. */
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.~{}-]+$/;

/** The request, or why there is none: what a payload says goes into a path, and no further. */
export async function statusRequest(
  status: CommitStatus,
  token: string,
): Promise<StatusRequest | { complaint: string }> {
  const { source, sha, repository, description, context, target_url } = status;
  const api = apiOf(status);
  if ("complaint" in api) return api;
  const names = repository.full_name.split("/");
  if (
    !SHA.test(sha) ||
    names.length < 2 ||
    !names.every((name) => NAME.test(name)) ||
    (source !== "gitlab" && names.length > 2)
  )
    return {
      complaint: `the delivery names ${repository.full_name} and the commit ${sha}, which no status can be set of`,
    };
  const state = STATES[source][status.state];
  const path = names.map(encodeURIComponent).join("/");
  const link = target_url === null ? {} : { target_url };
  switch (source) {
    case "github":
      return {
        url: `${api.url}/repos/${path}/statuses/${sha}`,
        headers: {
          ...headersWith(`Bearer ${token}`),
          accept: "application/vnd.github+json",
          "x-github-api-version": "2022-11-28",
        },
        body: JSON.stringify({ state, ...link, description, context }),
      };
    case "gitea":
      return {
        url: `${api.url}/repos/${path}/statuses/${sha}`,
        headers: headersWith(`token ${token}`),
        body: JSON.stringify({ state, ...link, description, context }),
      };
    case "gitlab":
      return {
        url: `${api.url}/projects/${encodeURIComponent(repository.full_name)}/statuses/${sha}`,
        headers: headersWith(`Bearer ${token}`),
        // The ref: without it, a commit that no branch of the project has would not be found.
        body: JSON.stringify({ state, ref: status.ref, name: context, ...link, description }),
      };
    case "bitbucket":
      return {
        url: `${api.url}/repositories/${path}/commit/${sha}/statuses/build`,
        // An access token, or a user's name and password (API token), as Bitbucket has both.
        headers: headersWith(token.includes(":") ? `Basic ${btoa(token)}` : `Bearer ${token}`),
        body: JSON.stringify({
          key: await keyOf(context),
          name: context,
          state,
          // It has to have one.
          url: target_url ?? `https://bitbucket.org/${path}/commits/${sha}`,
          description,
        }),
      };
  }
}

/** Where the API is. A repository that is elsewhere is not asked about at the source's own, which the token is not for. */
function apiOf({ source, api_url, repository }: CommitStatus): { url: string } | { complaint: string } {
  if (api_url !== null) return { url: api_url };
  const known = PUBLIC_APIS[source];
  const host = URL.canParse(repository.url) ? new URL(repository.url).host : "";
  if (known !== null && known.host === host) return { url: known.apiUrl };
  return { complaint: `the repository is at ${host}: say in report.base_url where its API is` };
}

function headersWith(authorization: string): Record<string, string> {
  return {
    authorization,
    accept: "application/json",
    "content-type": "application/json",
    "user-agent": "mayfly-reports/1",
  };
}

/** What tells a build's status from others on the commit. */
async function keyOf(context: string): Promise<string> {
  if (context.length <= BITBUCKET_KEY_MAX_CHARS) return context;
  return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(context))));
}

/** What a delivery of a sender of code says has changed: the same words for GitHub, GitLab, Gitea and Bitbucket. */

/**
 * `push`: commits on a branch, or a new branch. `tag`: a new or moved tag. `pull_request`: anything about one; GitLab calls it a
 * merge request. `delete`: of a branch or a tag.
 */
export type ChangeKind = "push" | "tag" | "pull_request" | "delete";

export interface Change {
  kind: ChangeKind;
  repository: Repository;
  /**
   * "refs/heads/main", "refs/tags/v1", "refs/pull/7/head", "refs/merge-requests/7/head": what `git fetch` takes from the repository. Of
   * Bitbucket, which has no refs of pull requests, the head's branch in `pullRequest.headRepository`.
   */
  ref: string;
  /** The branch that was pushed or deleted. Null for a tag, and for a pull request: of a fork it would be anybody's word. */
  branch: string | null;
  /** The tag that was pushed or deleted; null for all else. */
  tag: string | null;
  /**
   * The commit to be built: of a pull request the head's, of which Bitbucket tells twelve digits alone. Null where there is none, as of
   * what is deleted, or where it is not told, as by GitHub's `create`.
   */
  sha: string | null;
  /** What the ref was before; null where it is new, or where that is not told. */
  before: string | null;
  /** The head commit's message. Null: not told, as GitHub, Gitea and Bitbucket do not of a pull request's. */
  message: string | null;
  /** Files that the commits added, changed or removed, each once, in order. Null: the sender did not tell, or not of all. */
  paths: readonly string[] | null;
  /** Who pushed, or did what the delivery tells of the pull request: the name to sign in with where it is told, else the name. */
  author: string | null;
  pullRequest: PullRequest | null;
}

export interface Repository {
  /** To clone it from over HTTPS (over HTTP where the sender itself is there), without credentials. */
  url: string;
  /** "owner/name"; of GitLab with all groups. */
  fullName: string;
  isPrivate: boolean;
}

export interface PullRequest {
  number: number;
  /** The sender's own word: "opened", "synchronize", "update", "created" … */
  action: string;
  /** Whether it is there anew or has other commits than before: opened, reopened, or pushed to. Labels and comments are not. */
  hasNewCommits: boolean;
  title: string;
  /** Branch names. */
  headRef: string;
  baseRef: string;
  /** Whether the head is in another repository than the base, or in none any more: whoever wrote it need not be trusted. */
  isFork: boolean;
  /** Where the head is; null where it is gone. */
  headRepository: { url: string; fullName: string } | null;
}

/** What of a change is a name, and no longer that where it is cut. */
export function namesOf({ repository, ref, branch, tag, pullRequest }: Change): string[] {
  const { headRef, baseRef, headRepository } = pullRequest ?? {};
  return [
    ...[repository.url, repository.fullName, ref, branch, tag],
    ...[headRef, baseRef, headRepository?.url, headRepository?.fullName],
  ].filter((name) => name !== undefined && name !== null);
}

/** In the API's words, as expressions see it, too, with `paths` beside. */
export function changeJson({ repository, pullRequest, ...change }: Omit<Change, "paths">) {
  const { isPrivate, fullName, url } = repository;
  return {
    ...change,
    repository: { url, full_name: fullName, is_private: isPrivate },
    pull_request: pullRequest && {
      number: pullRequest.number,
      action: pullRequest.action,
      has_new_commits: pullRequest.hasNewCommits,
      title: pullRequest.title,
      head_ref: pullRequest.headRef,
      base_ref: pullRequest.baseRef,
      is_fork: pullRequest.isFork,
      head_repository: pullRequest.headRepository && {
        url: pullRequest.headRepository.url,
        full_name: pullRequest.headRepository.fullName,
      },
    },
  };
}

/** What a delivery of a sender of code says has changed: the same words for GitHub, GitLab, Gitea and Bitbucket. */

/**
 * `push`: commits on a branch, or a new branch. `tag`: a new or moved tag. `pull_request`: anything about one; GitLab calls it a
 * merge request. `delete`: of a branch or a tag.
 */
export type ChangeKind = "push" | "tag" | "pull_request" | "delete";

export interface Change {
  kind: ChangeKind;
  repository: Repository;
  /** "refs/heads/main", "refs/tags/v1", "refs/pull/7/head", "refs/merge-requests/7/head": what `git fetch` takes. */
  ref: string;
  /** The branch that was pushed or deleted. Null for a tag, and for a pull request: of a fork it would be anybody's word. */
  branch: string | null;
  /** The tag that was pushed or deleted; null for all else. */
  tag: string | null;
  /** The commit to be built: of a pull request the head's. Null where there is none, as of what is deleted. */
  sha: string | null;
  /** What the ref was before; null where it is new, or where that is not told. */
  before: string | null;
  /** The head commit's message; of a pull request its title, a blank line and its text, as few senders tell the commit's. Null: not told. */
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

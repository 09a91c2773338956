/**
 * What senders other than GitHub send of a push and of a request to take one in: their documents' fields, in their shape, with values of our own.
 */

import type { Json } from "../../src/core/hook/delivery.ts";

export const SHA = "da1560886d4f094c3e6c9ef40349f7d38b5d27d7";
export const BEFORE = "95790bf891e76fee5e1747ab589903a6a1f80f22";
/** What the ref of an annotated tag leads to, which is no commit. */
export const TAG_OBJECT = "121ae5ce3e0e36febb896f186155e7678c1d002d";
export const ZEROS = "0".repeat(40);

type Payload = { [name: string]: Json };

const GITLAB_PROJECT: Payload = {
  id: 15,
  name: "Diaspora",
  web_url: "https://gitlab.example/group/sub/diaspora",
  git_ssh_url: "git@gitlab.example:group/sub/diaspora.git",
  git_http_url: "https://gitlab.example/group/sub/diaspora.git",
  visibility_level: 0,
  path_with_namespace: "group/sub/diaspora",
  default_branch: "main",
};

export function gitlabPush(of: Payload = {}): Payload {
  return {
    object_kind: "push",
    event_name: "push",
    before: BEFORE,
    after: SHA,
    ref: "refs/heads/main",
    checkout_sha: SHA,
    user_name: "Mona Cat",
    user_username: "mona",
    project_id: 15,
    project: GITLAB_PROJECT,
    commits: [
      {
        id: "b6568db1bc1dcd7f8b4d5a946b0b91f9dacd7327",
        message: "First",
        added: ["new.ts"],
        modified: ["b.ts"],
        removed: [],
      },
      { id: SHA, message: "Second\n\nMore", added: [], modified: ["a.ts", "b.ts"], removed: ["old.ts"] },
    ],
    total_commits_count: 2,
    ...of,
  };
}

export function gitlabMergeRequest(attributes: Payload = {}): Payload {
  return {
    object_kind: "merge_request",
    event_type: "merge_request",
    user: { name: "Mona Cat", username: "mona" },
    project: { ...GITLAB_PROJECT, visibility_level: 20 },
    object_attributes: {
      iid: 7,
      title: "A wish",
      source_branch: "wish",
      target_branch: "main",
      source_project_id: 15,
      target_project_id: 15,
      source: GITLAB_PROJECT,
      target: GITLAB_PROJECT,
      last_commit: { id: SHA, message: "The last" },
      action: "open",
      ...attributes,
    },
    changes: {},
  };
}

const GITEA_REPOSITORY: Payload = {
  id: 140,
  full_name: "mona/webhooks",
  private: true,
  html_url: "https://gitea.example/mona/webhooks",
  clone_url: "https://gitea.example/mona/webhooks.git",
};

export function giteaPush(of: Payload = {}): Payload {
  return {
    ref: "refs/heads/develop",
    before: BEFORE,
    after: SHA,
    commits: [{ id: SHA, message: "Webhooks!", added: ["a.ts"], removed: [], modified: [] }],
    total_commits: 1,
    head_commit: { id: SHA, message: "Webhooks!", added: ["a.ts"], removed: [], modified: [] },
    repository: GITEA_REPOSITORY,
    pusher: { login: "mona" },
    sender: { login: "mona" },
    ...of,
  };
}

/** As Gitea 1.26 sends it (MIT), without what nobody reads: `after` is the tag's own hash, and `head_commit` what it leads to. */
export function giteaAnnotatedTag(): Payload {
  return giteaPush({
    ref: "refs/tags/v1.0.0",
    before: ZEROS,
    after: TAG_OBJECT,
    compare_url: `https://gitea.example/mona/webhooks/compare/${ZEROS}...${TAG_OBJECT}`,
    commits: [],
    total_commits: 0,
    head_commit: {
      id: SHA,
      message: "Docs and mends\n",
      url: `https://gitea.example/mona/webhooks/commit/${SHA}`,
      author: { name: "Mona", email: "mona@example.com", username: "mona" },
      committer: { name: "Mona", email: "mona@example.com", username: "mona" },
      verification: null,
      timestamp: "2026-11-22T12:55:11Z",
      added: ["docs/a.md"],
      removed: [],
      modified: ["test.sh"],
    },
  });
}

export function giteaPullRequest(of: Payload = {}): Payload {
  return {
    action: "synchronized",
    number: 2,
    pull_request: {
      number: 2,
      title: "A wish",
      head: {
        label: "wish",
        ref: "wish",
        sha: SHA,
        repo: {
          ...GITEA_REPOSITORY,
          full_name: "tux/webhooks",
          clone_url: "https://gitea.example/tux/webhooks.git",
        },
      },
      base: { label: "main", ref: "main", sha: BEFORE, repo: GITEA_REPOSITORY },
    },
    repository: GITEA_REPOSITORY,
    sender: { login: "tux" },
    ...of,
  };
}

/** One whose head is a branch of the repository itself, unless `head` says otherwise. */
export function giteaOwnPullRequest(head: Payload = {}, of: Payload = {}, number: Json = 2): Payload {
  const asked = giteaPullRequest().pull_request as { [name: string]: Json; head: Payload };
  return giteaPullRequest({
    number,
    pull_request: { ...asked, head: { ...asked.head, repo: GITEA_REPOSITORY, ...head }, ...of },
  });
}

/** What `git push origin HEAD:refs/for/main` makes, for which it is enough to be able to read: Gitea tells the repository itself as its head's. */
export function giteaAgitPullRequest(): Payload {
  return giteaOwnPullRequest({ label: "", ref: "refs/pull/2/head" });
}

const BITBUCKET_REPOSITORY: Payload = {
  type: "repository",
  name: "repo_name",
  full_name: "team/repo",
  is_private: true,
  links: { html: { href: "https://bitbucket.org/team/repo" } },
};

export const bitbucketRef = (type: string, name: string, hash: string): Payload => ({
  type,
  name,
  target: { type: "commit", hash, message: "A message\n" },
});

export function bitbucketPush(changes?: Payload[]): Payload {
  return {
    actor: { nickname: "mona", display_name: "Mona Cat" },
    repository: BITBUCKET_REPOSITORY,
    push: {
      changes: changes ?? [
        {
          new: bitbucketRef("branch", "main", SHA),
          old: bitbucketRef("branch", "main", BEFORE),
          truncated: false,
        },
        { new: bitbucketRef("tag", "v1", SHA), old: null, created: true },
        { new: null, old: bitbucketRef("branch", "gone", BEFORE), closed: true },
      ],
    },
  };
}

export function bitbucketPullRequest(source: Payload | null = BITBUCKET_REPOSITORY): Payload {
  return {
    actor: { nickname: "mona" },
    repository: BITBUCKET_REPOSITORY,
    pullrequest: {
      id: 3,
      title: "A wish",
      source: { branch: { name: "wish" }, commit: { hash: SHA.slice(0, 12) }, repository: source },
      destination: {
        branch: { name: "main" },
        commit: { hash: BEFORE.slice(0, 12) },
        repository: BITBUCKET_REPOSITORY,
      },
    },
  };
}

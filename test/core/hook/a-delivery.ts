import type { Change, PullRequest } from "../../../src/core/hook/change.ts";
import type { Delivery } from "../../../src/core/hook/delivery.ts";

export function aChange(of: Partial<Change> = {}): Change {
  return {
    kind: "push",
    repository: { url: "https://git.example/o/r.git", fullName: "o/r", isPrivate: false },
    ref: "refs/heads/main",
    branch: "main",
    tag: null,
    sha: "a".repeat(40),
    before: "b".repeat(40),
    message: "A change",
    paths: ["README.md", "src/a.ts"],
    author: "mona",
    pullRequest: null,
    ...of,
  };
}

export function aTag(tag: string, of: Partial<Change> = {}): Change {
  return aChange({ kind: "tag", ref: `refs/tags/${tag}`, branch: null, tag, paths: null, ...of });
}

export function aPullRequest(of: Partial<PullRequest> = {}, change: Partial<Change> = {}): Change {
  return aChange({
    kind: "pull_request",
    ref: "refs/pull/7/head",
    branch: null,
    message: null,
    paths: null,
    pullRequest: {
      number: 7,
      action: "opened",
      hasNewCommits: true,
      title: "A wish",
      headRef: "wish",
      baseRef: "main",
      isFork: false,
      headRepository: { url: "https://git.example/o/r.git", fullName: "o/r" },
      ...of,
    },
    ...change,
  });
}

export function aDelivery(of: Partial<Delivery> = {}): Delivery {
  return {
    source: "github",
    deliveryId: "1",
    event: "push",
    action: null,
    payload: {},
    changes: [],
    headers: {},
    isPing: false,
    ...of,
  };
}

import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import type { Change } from "../../src/core/hook/change.ts";
import type { Delivery, Json } from "../../src/core/hook/delivery.ts";
import type { HookOptions, HookRules, HookSource } from "../../src/core/hook/spec.ts";
import { DELIVERY_TEXT_MAX_CHARS } from "../../src/core/limits.ts";
import { readDelivery } from "../../src/hooks/read-delivery.ts";
import {
  BEFORE,
  bitbucketPullRequest,
  bitbucketPush,
  giteaAgitPullRequest,
  giteaAnnotatedTag,
  giteaOwnPullRequest,
  giteaPullRequest,
  giteaPush,
  gitlabMergeRequest,
  gitlabPush,
  SHA,
  TAG_OBJECT,
  ZEROS,
} from "./payloads.ts";

const PLAIN: HookOptions = { signature: null, dedupe: null };
const utf8 = new TextEncoder();

function readCall(
  source: HookSource,
  headers: Record<string, string>,
  body: Json | string,
  options: HookOptions = PLAIN,
  rules?: HookRules,
): Promise<Delivery | { complaint: string }> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return readDelivery(source, options, new Headers(headers), utf8.encode(text), rules);
}

async function delivered(...call: Parameters<typeof readCall>): Promise<Delivery> {
  const read = await readCall(...call);
  if ("complaint" in read) throw new Error(read.complaint);
  return read;
}

async function changeOf(...call: Parameters<typeof readCall>): Promise<Change> {
  const [change, ...others] = (await delivered(...call)).changes;
  if (change === undefined || others.length > 0) throw new Error("not one change");
  return change;
}

const complaintOf = async (...call: Parameters<typeof readCall>) => {
  const read = await readCall(...call);
  return "complaint" in read ? read.complaint : null;
};

describe("GitHub's deliveries", () => {
  const required = createRequire(import.meta.url);
  const versions = ["api.github.com", "ghes-31", "ghes-32", "ghes-33", "ghes-34", "ghes-35"];
  const examples = (version: string) =>
    (
      required(`@octokit/webhooks-examples/${version}/index.json`) as { name: string; examples: Json[] }[]
    ).flatMap(({ name, examples }) => examples.map((payload) => ({ event: name, payload })));
  const github = (event: string) => ({
    "x-github-event": event,
    "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "content-type": "application/json",
  });

  it.each(versions)(
    "every example of %s is read without complaint, with its change where it is about code",
    async (version) => {
      let changes = 0;
      for (const { event, payload } of examples(version)) {
        const delivery = await delivered("github", github(event), payload);
        expect(delivery).toMatchObject({
          event,
          payload,
          deliveryId: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        });
        expect(delivery.isPing).toBe(event === "ping");
        const { release } = payload as { release?: { draft: boolean } };
        const isOfCode = /^(push|create|delete|pull_request.*)$/.test(event) || release?.draft === false;
        expect(delivery.changes).toHaveLength(isOfCode ? 1 : 0);
        changes += delivery.changes.length;
        for (const change of delivery.changes) {
          expect(change.repository.url).toMatch(/^https:\/\/.+\.git$/);
          expect(change.ref).toMatch(/^refs\/(heads|tags|pull)\/./);
          if (change.kind === "push" || change.kind === "pull_request")
            expect(change.sha).toMatch(/^[0-9a-f]{40}$/);
        }
      }
      expect(changes).toBeGreaterThan(0);
    },
  );

  const example = (event: string, fits: (payload: Record<string, Json>) => boolean) => {
    const found = examples("api.github.com").find(
      (each) => each.event === event && fits(each.payload as Record<string, Json>),
    );
    if (found === undefined) throw new Error("no such example");
    return found.payload as Record<string, Json>;
  };

  it("what is about no change and can be a fork's is told apart from what surely is the repository's own", async () => {
    const told: Record<string, string[]> = {};
    for (const { event, payload } of examples("api.github.com")) {
      const { changes, mayBeOfFork } = await delivered("github", github(event), payload);
      if (changes.length === 0) told[event] = [...(told[event] ?? []), mayBeOfFork ? "?" : "own"];
    }
    const { true: some = [] } = Object.groupBy(Object.entries(told), ([, all]) => String(all.includes("?")));
    expect(Object.fromEntries(some.map(([event, all]) => [event, all.join(" ")]))).toEqual({
      // Of the repository octo-org/octo-repo in a delivery of Codertocat/Hello-World the first.
      workflow_run: "? own own own own",
      // They do not say whose commit it is.
      workflow_job: "? ? ? ? ? ? ? ?",
      commit_comment: "? ? ? ? ?",
      deployment: "? ? ? ?",
      deployment_status: "? ? ? ?",
      // Of a pull request from a branch of the repository; of Actions, or of an app that is not named, without one.
      check_run: "own own own own own own own ? ?",
      check_suite: "own ? own own ? ? ? own own",
      // Of what was closed by hand, and of a pull request.
      code_scanning_alert: "own ? own ? own own",
    });
    expect(told.status).toEqual(["own", "own", "own", "own"]);
    expect(told.deployment_review).toEqual(["own"]);
  });

  type Parts = Record<string, Json>;
  const at = (payload: Json, ...names: string[]) =>
    names.reduce((part, name) => (part as Parts)[name] ?? null, payload) as Parts;
  const changed = (payload: Json, path: string[], change: Parts): Json => {
    const whole = structuredClone(payload);
    Object.assign(at(whole, ...path), change);
    return whole;
  };
  it.each<[string, string[], Parts, boolean]>([
    ["workflow_run", ["workflow_run"], {}, false],
    ["workflow_run", ["workflow_run", "head_repository"], { id: 4711 }, true],
    ["workflow_run", ["workflow_run"], { head_repository: null }, true],
    ["workflow_run", ["workflow_run"], { event: "pull_request" }, false],
    ["workflow_run", ["workflow_run"], { event: "pull_request_target" }, false],
    ["workflow_run", ["workflow_run"], { event: "issue_comment" }, true],
    ["workflow_run", ["workflow_run"], { event: "workflow_run" }, true],
    ["workflow_run", ["workflow_run"], { event: "toString" }, true],
    ["workflow_run", [], { repository: {} }, true],
    ["check_suite", ["check_suite"], {}, false],
    ["check_suite", ["check_suite"], { head_branch: null, pull_requests: [] }, true],
    ["check_suite", ["check_suite"], { pull_requests: [], app: { slug: "a-ci" } }, false],
    ["check_suite", ["check_suite"], { head_branch: null, pull_requests: [], app: { slug: "a-ci" } }, true],
    ["check_suite", ["check_suite"], { pull_requests: [], app: { slug: "github-actions" } }, true],
    ["check_suite", ["check_suite"], { head_sha: "f".repeat(40), app: { slug: "github-actions" } }, true],
    ["check_suite", ["check_suite", "pull_requests", "0", "head", "repo"], { id: 4711 }, true],
    ["check_run", ["check_run", "check_suite"], { head_branch: null, pull_requests: [] }, true],
    ["status", [], { branches: [] }, true],
    ["deployment_review", ["workflow_run", "head_repository"], { id: 4711 }, true],
    ["deployment", [], { workflow_run: { event: "push", head_repository: { id: 186853002 } } }, false],
    ["no_event_of_today", [], {}, true],
    ["__proto__", [], {}, true],
  ])("of %s with other %j of %j it may be a fork's: %s", async (event, path, change, mayBe) => {
    const own: Record<string, (payload: Parts) => boolean> = {
      workflow_run: ({ repository }) =>
        at(repository ?? null, "full_name") === ("octo-org/octo-repo" as unknown),
    };
    const payload =
      event in { no_event_of_today: 1, __proto__: 1 } ? {} : example(event, own[event] ?? (() => true));
    const read = await delivered("github", github(event), changed(payload, path, change));
    expect([read.changes, read.mayBeOfFork ?? false]).toEqual([[], mayBe]);
  });

  it("a push of a branch, a tag, and of nothing any more", async () => {
    const pushed = example("push", ({ ref, deleted }) => ref === "refs/heads/master" && deleted === false);
    expect(await changeOf("github", github("push"), pushed)).toMatchObject({
      kind: "push",
      branch: "master",
      tag: null,
      sha: pushed.after,
      before: null,
      message: "Initial commit",
      author: expect.any(String),
      pullRequest: null,
    });
    const tagged = example("push", ({ ref, deleted }) => ref === "refs/tags/simple-tag" && deleted === false);
    expect(await changeOf("github", github("push"), tagged)).toMatchObject({
      kind: "tag",
      tag: "simple-tag",
      branch: null,
      sha: tagged.after,
      paths: null,
    });
    const annotated = { ...tagged, after: TAG_OBJECT };
    expect((await changeOf("github", github("push"), annotated)).sha).toBe(tagged.after);
    const untold = { ...annotated, head_commit: null };
    expect((await changeOf("github", github("push"), untold)).sha).toBe(TAG_OBJECT);
    const deleted = example("push", ({ deleted }) => deleted === true);
    expect(await changeOf("github", github("push"), deleted)).toMatchObject({ kind: "delete", sha: null });
  });

  it("a release is of its tag, and a draft of none", async () => {
    const published = example("release", ({ action }) => action === "published");
    expect(await changeOf("github", github("release"), published)).toMatchObject({
      kind: "tag",
      ref: "refs/tags/0.0.1",
      tag: "0.0.1",
      branch: null,
      sha: null,
      repository: { url: "https://github.com/Codertocat/Hello-World.git" },
      author: "Codertocat",
    });
    const release = { ...(published.release as object), draft: true } as Json;
    const draft = await delivered("github", github("release"), { ...published, release });
    expect(draft.changes).toEqual([]);
  });

  it("the files of a push are told, unless it was by force, or not all commits are told", async () => {
    const pushed = example("push", ({ ref }) => ref === "refs/heads/master");
    const commit = { id: SHA, added: ["b"], modified: ["a", "c"], removed: ["a"] };
    const paths = async (of: Record<string, Json>) =>
      (await changeOf("github", github("push"), { ...pushed, commits: [commit], ...of })).paths;
    expect(await paths({})).toEqual(["a", "b", "c"]);
    expect(await paths({ forced: true })).toBeNull();
    expect(await paths({ commits: [] })).toBeNull();
    expect(await paths({ commits: [commit, { id: SHA }] })).toBeNull();
    const files = Array.from({ length: 3000 }, (_, at) => `f${at}`);
    expect(await paths({ commits: [{ ...commit, modified: files }] })).toBeNull();
    expect(await paths({ commits: Array(2048).fill(commit) })).toBeNull();
    expect(await paths({ commits: Array(21).fill(commit) })).toEqual(["a", "b", "c"]);
  });

  it("a pull request, and whether it is from a fork", async () => {
    const opened = example("pull_request", ({ action }) => action === "opened");
    const change = await changeOf("github", github("pull_request"), opened);
    expect(change).toMatchObject({
      kind: "pull_request",
      ref: "refs/pull/2/head",
      branch: null,
      pullRequest: {
        number: 2,
        action: "opened",
        hasNewCommits: true,
        headRef: "changes",
        baseRef: "master",
        isFork: false,
      },
    });
    const asked = opened.pull_request as { [name: string]: Json; head: { [name: string]: Json } };
    const withHead = (repo: Json) => ({
      ...opened,
      pull_request: { ...asked, head: { ...asked.head, repo } },
    });
    const fork = { full_name: "tux/Hello-World", clone_url: "https://github.com/tux/Hello-World.git" };
    expect((await changeOf("github", github("pull_request"), withHead(fork))).pullRequest).toMatchObject({
      isFork: true,
      headRepository: { url: fork.clone_url, fullName: fork.full_name },
    });
    // Where neither is told it can be a fork.
    const untold = {
      ...opened,
      pull_request: { ...asked, head: { ...asked.head, repo: null }, base: { ref: "main" } },
    };
    expect((await changeOf("github", github("pull_request"), untold)).pullRequest?.isFork).toBe(true);
    // A head and a base that are both another repository than the one that it was sent of.
    const elsewhere = {
      ...opened,
      pull_request: {
        ...asked,
        head: { ...asked.head, repo: fork },
        base: { ...(asked.base as object), repo: fork },
      },
    };
    expect((await changeOf("github", github("pull_request"), elsewhere)).pullRequest?.isFork).toBe(true);
    // Its fork is gone.
    expect((await changeOf("github", github("pull_request"), withHead(null))).pullRequest).toMatchObject({
      isFork: true,
      headRepository: null,
    });
    expect(
      (await changeOf("github", github("pull_request"), { ...opened, action: "labeled" })).pullRequest
        ?.hasNewCommits,
    ).toBe(false);
  });

  it("JSON that somebody else could write a part of is not read as the form that is in that part", async () => {
    const other = { ref: "refs/heads/main", repository: { clone_url: "https://evil.example/x/y.git" } };
    const comment = `hi &payload=${encodeURIComponent(JSON.stringify(other))}&x=`;
    const signed = { action: "created", comment: { body: comment } };
    const type = "application/x-www-form-urlencoded";
    for (const [source, headers] of [
      ["github", github("push")],
      ["gitea", { "x-gitea-event": "push" }],
      ["generic", {}],
    ] as const)
      expect(await delivered(source, { ...headers, "content-type": type }, signed)).toMatchObject({
        payload: signed,
        changes: [],
      });
  });

  it("a form is read like JSON", async () => {
    const form = new URLSearchParams({ payload: '{"zen":"é"}' }).toString();
    const headers = { ...github("ping"), "content-type": "application/x-www-form-urlencoded" };
    expect(await delivered("github", headers, form)).toMatchObject({ payload: { zen: "é" }, isPing: true });
    expect(await delivered("github", github("ping"), form)).toMatchObject({ payload: { zen: "é" } });
    expect(await complaintOf("github", headers, "a=b")).toContain("the body must be JSON in UTF-8");
    expect(await complaintOf("github", headers, `a=b&${form}`)).toContain("the body must be JSON in UTF-8");
    for (const source of ["gitlab", "bitbucket", "stripe", "standard", "generic"] as const)
      expect(await complaintOf(source, headers, form)).toBe("the body must be JSON in UTF-8");
  });
});

describe("GitLab's deliveries", () => {
  const gitlab = { "x-gitlab-event": "Push Hook", "idempotency-key": "f5e5f430-f57b-4e6e-9fac-d9128cd7232f" };

  it("a push of a branch", async () => {
    expect(await delivered("gitlab", gitlab, gitlabPush())).toMatchObject({
      deliveryId: "f5e5f430-f57b-4e6e-9fac-d9128cd7232f",
      event: "push",
      action: null,
    });
    expect(await changeOf("gitlab", gitlab, gitlabPush())).toEqual({
      kind: "push",
      repository: {
        url: "https://gitlab.example/group/sub/diaspora.git",
        fullName: "group/sub/diaspora",
        isPrivate: true,
      },
      ref: "refs/heads/main",
      branch: "main",
      tag: null,
      sha: SHA,
      before: BEFORE,
      message: "Second\n\nMore",
      paths: ["a.ts", "b.ts", "new.ts", "old.ts"],
      author: "mona",
      pullRequest: null,
    });
  });

  it("files are not told where not all commits are, a tag has none, and what is deleted no commit", async () => {
    expect((await changeOf("gitlab", gitlab, gitlabPush({ total_commits_count: 21 }))).paths).toBeNull();
    expect(
      (await changeOf("gitlab", gitlab, gitlabPush({ commits: [], total_commits_count: 0, before: ZEROS })))
        .paths,
    ).toBeNull();
    const tag = { object_kind: "tag_push", ref: "refs/tags/v1.0.0", before: ZEROS };
    expect(await changeOf("gitlab", gitlab, gitlabPush(tag))).toMatchObject({
      kind: "tag",
      tag: "v1.0.0",
      sha: SHA,
      before: null,
      paths: null,
    });
    const annotated = { ...tag, after: TAG_OBJECT, checkout_sha: SHA };
    expect((await changeOf("gitlab", gitlab, gitlabPush(annotated))).sha).toBe(SHA);
    expect(await changeOf("gitlab", gitlab, gitlabPush({ after: ZEROS }))).toMatchObject({
      kind: "delete",
      sha: null,
      before: BEFORE,
    });
  });

  it("a merge request, with new commits where it is opened or pushed to", async () => {
    const headers = { "x-gitlab-event": "Merge Request Hook" };
    expect(await delivered("gitlab", headers, gitlabMergeRequest())).toMatchObject({
      event: "merge_request",
      action: "open",
    });
    expect(await changeOf("gitlab", headers, gitlabMergeRequest())).toMatchObject({
      kind: "pull_request",
      repository: { isPrivate: false },
      ref: "refs/merge-requests/7/head",
      sha: SHA,
      message: "The last",
      pullRequest: {
        number: 7,
        action: "open",
        hasNewCommits: true,
        headRef: "wish",
        baseRef: "main",
        isFork: false,
      },
    });
    const told = async (of: Record<string, Json>) =>
      (await changeOf("gitlab", headers, gitlabMergeRequest(of))).pullRequest;
    expect(await told({ action: "update", oldrev: BEFORE })).toMatchObject({ hasNewCommits: true });
    expect(await told({ action: "update" })).toMatchObject({ hasNewCommits: false });
    expect(await told({ action: "merge" })).toMatchObject({ hasNewCommits: false });
    expect(await told({ source_project_id: 16 })).toMatchObject({ isFork: true });
    expect(await told({ source_project_id: null, source: null })).toMatchObject({
      isFork: true,
      headRepository: null,
    });
    expect(await told({ source_project_id: null, target_project_id: null })).toMatchObject({ isFork: true });
  });

  it("of before 17.4 the event's id is a part of the delivery's", async () => {
    const id = async (uuid: string, of: Record<string, Json> = {}) =>
      (
        await delivered(
          "gitlab",
          { "x-gitlab-event": "Push Hook", "x-gitlab-event-uuid": uuid },
          gitlabPush(of),
        )
      ).deliveryId;
    expect(await id("a")).toBe(await id("a"));
    expect(new Set([await id("a"), await id("b"), await id("a", { after: BEFORE })]).size).toBe(3);
  });

  it("what has no kind has its header's name", async () => {
    expect(await delivered("gitlab", { "x-gitlab-event": "Wiki Page Hook" }, {})).toMatchObject({
      event: "wiki_page",
      changes: [],
    });
  });
});

describe("Gitea's deliveries", () => {
  const gitea = (event: string) => ({ "x-gitea-event": event, "x-gitea-delivery": "f6266f16" });

  it("a push", async () => {
    expect(await changeOf("gitea", gitea("push"), giteaPush())).toMatchObject({
      kind: "push",
      repository: {
        url: "https://gitea.example/mona/webhooks.git",
        fullName: "mona/webhooks",
        isPrivate: true,
      },
      branch: "develop",
      sha: SHA,
      message: "Webhooks!",
      paths: ["a.ts"],
      author: "mona",
    });
    expect((await changeOf("gitea", gitea("push"), giteaPush({ total_commits: 9 }))).paths).toBeNull();
    const [commit = null] = giteaPush().commits as Json[];
    const pathsOf = async (count: number, before: string) => {
      const commits = Array.from({ length: count }, () => commit);
      const payload = giteaPush({ before, commits, total_commits: count });
      return (await changeOf("gitea", gitea("push"), payload)).paths;
    };
    // Of a new branch its newest ten are all that it counts.
    expect(await pathsOf(9, ZEROS)).toEqual(["a.ts"]);
    expect(await pathsOf(10, ZEROS)).toBeNull();
    expect(await pathsOf(10, BEFORE)).toEqual(["a.ts"]);
    expect(await changeOf("gitea", gitea("push"), giteaAnnotatedTag())).toMatchObject({
      ...{ kind: "tag", tag: "v1.0.0", sha: SHA, message: "Docs and mends\n", paths: null },
    });
    expect(await changeOf("gitea", gitea("push"), giteaPush({ after: ZEROS }))).toMatchObject({
      kind: "delete",
    });
  });

  it("a release is of its tag", async () => {
    const payload = giteaPush({ action: "published", release: { id: 1, tag_name: "v1", draft: false } });
    const change = await changeOf("gitea", gitea("release"), payload);
    expect(change).toMatchObject({ kind: "tag", ref: "refs/tags/v1", tag: "v1", sha: null });
  });

  it("a pull request from a fork, and a tag that is made and deleted", async () => {
    expect(await changeOf("gitea", gitea("pull_request"), giteaPullRequest())).toMatchObject({
      ref: "refs/pull/2/head",
      pullRequest: {
        action: "synchronized",
        hasNewCommits: true,
        isFork: true,
        headRepository: { fullName: "tux/webhooks" },
      },
    });
    const of = { ref: "v1", ref_type: "tag", sha: SHA };
    expect(await changeOf("gitea", gitea("create"), giteaPush(of))).toMatchObject({
      kind: "tag",
      ref: "refs/tags/v1",
      sha: SHA,
    });
    expect(await changeOf("gitea", gitea("delete"), giteaPush(of))).toMatchObject({
      kind: "delete",
      tag: "v1",
      sha: null,
    });
  });

  it("a pull request of AGit, or of no branch that it names, is from a fork, whatever repository it says", async () => {
    const isFork = async (payload: Json) =>
      (await changeOf("gitea", gitea("pull_request"), payload)).pullRequest?.isFork;
    expect(await isFork(giteaOwnPullRequest())).toBe(false);
    expect(await isFork(giteaOwnPullRequest({}, { flow: 0 }))).toBe(false);
    expect(await isFork(giteaAgitPullRequest())).toBe(true);
    expect(await isFork(giteaOwnPullRequest({ label: "" }))).toBe(true);
    expect(await isFork(giteaOwnPullRequest({ label: null }))).toBe(true);
    expect(await isFork(giteaOwnPullRequest({ ref: "refs/pull/2/head" }))).toBe(true);
    for (const flow of [1, 2, "agit"]) expect(await isFork(giteaOwnPullRequest({}, { flow }))).toBe(true);
    expect(await isFork(giteaOwnPullRequest({ repo: null }))).toBe(true);
  });

  it("Forgejo's own names of the headers will do", async () => {
    const headers = { "x-forgejo-event": "push", "x-forgejo-delivery": "a" };
    expect(await delivered("gitea", headers, giteaPush())).toMatchObject({ event: "push", deliveryId: "a" });
  });
});

describe("Bitbucket's deliveries", () => {
  const bitbucket = (event: string) => ({ "x-event-key": event, "x-request-uuid": "b3f9" });

  it("each ref of a push is a change", async () => {
    const { changes, deliveryId, event } = await delivered(
      "bitbucket",
      bitbucket("repo:push"),
      bitbucketPush(),
    );
    expect([deliveryId, event]).toEqual(["b3f9", "repo:push"]);
    expect(changes).toMatchObject([
      {
        kind: "push",
        branch: "main",
        sha: SHA,
        before: BEFORE,
        message: "A message\n",
        paths: null,
        author: "mona",
      },
      { kind: "tag", tag: "v1", sha: SHA, before: null },
      { kind: "delete", branch: "gone", sha: null, before: BEFORE },
    ]);
    expect(changes[0]?.repository).toEqual({
      url: "https://bitbucket.org/team/repo.git",
      fullName: "team/repo",
      isPrivate: true,
    });
  });

  it("a pull request", async () => {
    expect(
      await changeOf("bitbucket", bitbucket("pullrequest:created"), bitbucketPullRequest()),
    ).toMatchObject({
      ref: "refs/heads/wish",
      sha: SHA.slice(0, 12),
      pullRequest: { number: 3, action: "created", hasNewCommits: true, isFork: false },
    });
    const forked = bitbucketPullRequest({ full_name: "tux/repo" });
    expect((await changeOf("bitbucket", bitbucket("pullrequest:updated"), forked)).pullRequest).toMatchObject(
      {
        isFork: true,
        headRepository: { url: "https://bitbucket.org/tux/repo.git", fullName: "tux/repo" },
      },
    );
    const gone = bitbucketPullRequest(null);
    expect((await changeOf("bitbucket", bitbucket("pullrequest:fulfilled"), gone)).pullRequest).toMatchObject(
      {
        isFork: true,
        hasNewCommits: false,
      },
    );
  });

  it("a Data Center asks if anybody is there", async () => {
    expect(
      await delivered(
        "bitbucket",
        { "x-event-key": "diagnostics:ping", "x-request-id": "a" },
        { test: true },
      ),
    ).toMatchObject({
      isPing: true,
      deliveryId: "a",
    });
  });
});

describe("deliveries that are not about code", () => {
  it("Stripe's have their event's id and type", async () => {
    expect(await delivered("stripe", {}, { id: "evt_1", type: "invoice.paid", data: {} })).toMatchObject({
      deliveryId: "evt_1",
      event: "invoice.paid",
      changes: [],
    });
    expect(await complaintOf("stripe", {}, { type: "invoice.paid" })).toContain("an event of Stripe");
  });

  it("Standard Webhooks' have their header's id, and a type if they say so", async () => {
    const headers = { "webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,x" };
    expect(await delivered("standard", headers, { type: "user.created" })).toMatchObject({
      deliveryId: "msg_1",
      event: "user.created",
      headers: { "webhook-id": "msg_1", "webhook-timestamp": "1" },
    });
    expect(await delivered("standard", headers, {})).toMatchObject({ event: "message" });
  });

  it("a generic one's id is a header's, an expression's, or made of its body", async () => {
    const call = (
      dedupe: HookOptions["dedupe"],
      headers: Record<string, string> = {},
      body: Json = { id: 7 },
    ) => readCall("generic", headers, body, { signature: null, dedupe });
    expect(await call(null)).toMatchObject({
      event: "call",
      deliveryId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    expect(await call({ header: "X-Id" }, { "x-id": "a" })).toMatchObject({
      deliveryId: "a",
      headers: { "x-id": "a" },
    });
    expect(await call({ header: "X-Id" })).toEqual(await call(null));
    const keyed = { "idempotency-key": "k", "webhook-id": "w" };
    expect(await call(null, keyed)).toMatchObject({ deliveryId: "k" });
    expect(await call(null, { "webhook-id": "w", "x-request-id": "r" })).toMatchObject({ deliveryId: "w" });
    const made = { deliveryId: expect.stringMatching(/^sha256:/) };
    expect(await call(null, { "idempotency-key": "", "x-request-id": "r" })).toMatchObject(made);
    expect(await call({ header: "X-Id" }, keyed)).toMatchObject(made);
    expect(await call({ expression: "string(payload.id) + event" })).toMatchObject({ deliveryId: "7call" });
    expect(await call({ expression: "payload.nope" })).toEqual({
      complaint: 'dedupe.expression has no value: there is no "nope" (line 1, column 9)',
    });
    expect(await call({ expression: "payload" }, {}, [1])).toMatchObject({
      complaint: expect.stringContaining("must be a text"),
    });
  });

  it("JSON that curl calls a form is JSON", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect(await delivered("generic", headers, { a: "1=2&3" })).toMatchObject({ payload: { a: "1=2&3" } });
  });

  it("of a generic one's headers only those are kept that the hook's rules and settings name", async () => {
    const sent = {
      "content-type": "application/json",
      "user-agent": "curl",
      ...{ "x-topic": "a", "x-shop": "b", "x-field": "c", "x-there": "d", "x-id": "e", "x-other": "f" },
      ...{ "x-functions-key": "s", "x-jwt-assertion": "s", "x-pass": "s", "x-signature": "s" },
    };
    const kept = async (options: HookOptions, rules?: HookRules) => {
      const read = await readCall("generic", sent, {}, options, rules);
      return "complaint" in read ? read.complaint : Object.keys(read.headers).join(" ");
    };
    expect(await kept(PLAIN)).toBe("content-type user-agent");
    const header = "X-Signature";
    const signature = { header, algorithm: "sha256", encoding: "hex", prefix: "" } as const;
    const rules: HookRules = {
      filter: { if: 'headers["x-topic"] == "a" || "x-there" in headers || headers["x-pass"] == "x-other"' },
      map: {
        env: { A: 'headers[?"x-shop"].orValue("")' },
        input: { b: 'headers["x-field"] + payload["x-y"]' },
      },
    };
    expect(await kept({ signature, dedupe: { header: "X-Id" } }, rules)).toBe(
      "content-type user-agent x-field x-id x-shop x-there x-topic",
    );
    const map = { input: 'headers["x-signature"]' };
    const dedupe = { expression: 'headers["x-id"]' };
    expect(await kept({ signature, dedupe }, { filter: {}, map })).toBe("content-type user-agent x-id");
  });

  it("a long id is as good as a short one, and so is one that browsers would take out of a path", async () => {
    const dedupe = { header: "x-id" };
    const id = async (text: string) =>
      (await delivered("generic", { "x-id": text }, {}, { signature: null, dedupe })).deliveryId;
    expect(await id("a".repeat(128))).toBe("a".repeat(128));
    expect(await id("a".repeat(129))).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await id("a".repeat(130))).not.toBe(await id("a".repeat(129)));
    for (const step of [".", ".."]) expect(await id(step)).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await id(".")).not.toBe(await id(".."));
    // Half of a character is kept as UTF-8 has it, so that it is found again by what is kept.
    const half = { id: "evt_\ud800", type: "x" };
    expect((await delivered("stripe", {}, half)).deliveryId).toBe("evt_\ufffd");
    expect(await id("...")).toBe("...");
  });
});

describe("every sender's deliveries", () => {
  const calls: [HookSource, Record<string, string>, Json][] = [
    ["github", { "x-github-event": "push", "x-github-delivery": "1" }, { ref: "refs/heads/a" }],
    ["gitlab", { "x-gitlab-event": "Push Hook", "idempotency-key": "1" }, gitlabPush()],
    ["gitea", { "x-gitea-event": "push", "x-gitea-delivery": "1" }, giteaPush()],
    ["bitbucket", { "x-event-key": "repo:push", "x-request-uuid": "1" }, bitbucketPush()],
    ["stripe", {}, { id: "evt_1", type: "a" }],
    ["standard", { "webhook-id": "1", "webhook-timestamp": "2" }, { type: "a" }],
    ["generic", { "x-topic": "orders" }, { a: 1 }],
  ];
  const secrets = {
    authorization: "Bearer x",
    cookie: "a=b",
    "x-gitlab-token": "x",
    "x-hub-signature": "x",
    "x-hub-signature-256": "x",
    "x-gitea-signature": "x",
    "stripe-signature": "x",
    "webhook-signature": "x",
    "x-signature": "x",
    "x-api-key": "x",
    "x-auth": "x",
    "cf-connecting-ip": "x",
    "x-forwarded-for": "x",
    host: "x",
  };

  it.each(calls)(
    "%s: keep no secret, and are read again from what is kept",
    async (source, headers, body) => {
      const rules = { filter: { if: 'headers["x-topic"] != ""' }, map: {} };
      const all = { ...headers, ...secrets, "content-type": "application/json" };
      const first = await delivered(source, all, body, PLAIN, rules);
      expect(first.headers).toEqual({ ...headers, "content-type": "application/json" });
      expect(await delivered(source, first.headers, body, PLAIN, rules)).toEqual(first);
    },
  );

  it.each(calls)("%s: must be JSON in UTF-8", async (source, headers) => {
    const isForm = source === "github" || source === "gitea";
    const wrong = `the body must be JSON in UTF-8${isForm ? ", or a form whose only field, payload, is" : ""}`;
    for (const body of ["", "{", "a=b", "{}}"]) expect(await complaintOf(source, headers, body)).toBe(wrong);
    const bytes = new Uint8Array([0x22, 0xff, 0x22]);
    expect(await readDelivery(source, PLAIN, new Headers(headers), bytes)).toEqual({ complaint: wrong });
    const isGeneric = source === "generic";
    for (const body of ["null", "[]", "1"])
      expect((await complaintOf(source, headers, body)) === null).toBe(isGeneric);
  });

  it.each(calls.slice(0, 4))("%s: without its header it says which is missing", async (source) => {
    expect(await complaintOf(source, {}, {})).toMatch(/^the header X-.* is missing: is the sender /);
  });

  it.each(calls.slice(0, 4))(
    "%s: what lacks a part, or has another there, has no change",
    async (source, headers, body) => {
      for (const name of Object.keys(body as object))
        for (const other of [null, 1, "x", [], {}, [[]]] as Json[]) {
          const { changes } = await delivered(source, headers, { ...(body as object), [name]: other });
          for (const { repository, ref } of changes)
            expect([repository.url, ref]).toEqual([expect.any(String), expect.any(String)]);
        }
    },
  );

  it("texts that nobody writes by hand are cut, and names are not: such a delivery is none", async () => {
    const long = "x".repeat(2_500_000);
    expect(await delivered("stripe", {}, { id: "evt_1", type: long })).toMatchObject({
      event: "x".repeat(DELIVERY_TEXT_MAX_CHARS),
    });
    const half = `${"x".repeat(DELIVERY_TEXT_MAX_CHARS - 1)}\u{1f600}`;
    const event = { "x-gitea-event": "push" };
    expect(await delivered("gitea", event, giteaPush({ action: half }))).toMatchObject({
      action: "x".repeat(DELIVERY_TEXT_MAX_CHARS - 1),
    });
    const name = "x".repeat(DELIVERY_TEXT_MAX_CHARS + 1);
    const fullName = { clone_url: "https://git.example/o/r.git", full_name: name };
    for (const [event, payload] of [
      ["push", giteaPush({ ref: `refs/heads/${name}` })],
      ["push", giteaPush({ repository: fullName })],
      ["pull_request", giteaOwnPullRequest({ label: name, ref: name })],
    ] as const)
      expect(await complaintOf("gitea", { "x-gitea-event": event }, payload)).toMatch(
        /^it names a repository, branch or tag by \d+ characters; a name can have 1024$/,
      );
  });

  it("a number that is none of a pull request makes no change", async () => {
    for (const number of [1.5, -1, 1e300, "7"])
      expect(
        (
          await delivered(
            "gitea",
            { "x-gitea-event": "pull_request" },
            giteaOwnPullRequest({}, { number }, number),
          )
        ).changes,
      ).toEqual([]);
  });

  it("what cuts a character in two is told with one that is not known", async () => {
    const commits = [{ id: SHA, message: "a\ud83d", added: ["\ude00"], modified: [] }];
    const of = { ref: "refs/heads/\ud83d\ude00\ud83d", commits, sender: { login: "\udc00" } };
    expect(await changeOf("gitea", { "x-gitea-event": "push" }, giteaPush(of))).toMatchObject({
      branch: "\u{1f600}\ufffd",
      message: "a\ufffd",
      paths: ["\ufffd"],
      author: "\ufffd",
    });
  });

  const push = { ref: "refs/heads/main", after: SHA };
  const repository = (clone_url: string) => ({ clone_url, full_name: "o/r", private: true });
  it.each<[HookSource, Record<string, string>, Json, string | null]>([
    [
      "github",
      { "x-github-event": "push" },
      { ...push, repository: repository("git@github.com:o/r.git") },
      'repository.clone_url is "git@github.com:o/r.git", which is no http or https URL of a repository without a user in it',
    ],
    [
      "gitea",
      { "x-gitea-event": "push" },
      giteaPush({ repository: repository("https://me:hidden@git.example/o/r.git") }),
      'repository.clone_url is "https://…@git.example/o/r.git", which is no http',
    ],
    [
      "gitea",
      { "x-gitea-event": "push" },
      giteaPush({ ref: "refs/for/main" }),
      'ref is "refs/for/main", which is neither a branch',
    ],
    [
      "gitea",
      { "x-gitea-event": "push" },
      giteaPush({ after: "tip" }),
      'after is "tip", which is no commit\'s id',
    ],
    ["gitlab", { "x-gitlab-event": "Push Hook" }, gitlabPush({ after: "" }), "after is missing"],
    [
      "gitlab",
      { "x-gitlab-event": "Push Hook" },
      gitlabPush({ project: {} }),
      "project.git_http_url is missing",
    ],
    ["github", { "x-github-event": "issues" }, { repository: repository("git@x:y") }, null],
  ])(
    "%s: of %j, of which no change is understood, it is told why: case %#",
    async (source, headers, body, says) => {
      const { changes, missed } = await delivered(source, headers, body);
      expect(changes).toEqual([]);
      if (says === null) expect(missed).toBeUndefined();
      else expect(missed).toContain(says);
    },
  );

  const opened = (head: object) => ({ action: "opened", number: 7, pull_request: head });
  const project = { git_http_url: "https://gitlab.com/a/b.git", path_with_namespace: "a/b" };
  it.each<[HookSource, Record<string, string>, Json, boolean]>([
    ["bitbucket", { "x-event-key": "pr:opened" }, { pullRequest: { id: 7 } }, true],
    ["bitbucket", { "x-event-key": "pr:deleted" }, {}, true],
    ["bitbucket", { "x-event-key": "pullrequest:created" }, { pullrequest: { id: 7 } }, true],
    ["bitbucket", { "x-event-key": "repo:refs_changed" }, {}, false],
    ["gitlab", { "x-gitlab-event": "Note Hook" }, { project, merge_request: { iid: 7 } }, true],
    ["gitlab", { "x-gitlab-event": "Note Hook" }, { project, issue: { iid: 7 } }, false],
    ["gitlab", { "x-gitlab-event": "Pipeline Hook" }, { project, merge_request: null }, false],
    ["gitlab", { "x-gitlab-event": "Merge Request Hook" }, { object_kind: "merge_request" }, true],
    ["github", { "x-github-event": "pull_request" }, opened({}) as Json, true],
    ["github", { "x-github-event": "issue_comment" }, { issue: { pull_request: { url: "x" } } }, true],
    ["github", { "x-github-event": "issue_comment" }, { issue: { number: 7 } }, false],
    ["gitea", { "x-gitea-event": "issue_comment" }, { issue: { pull_request: null } }, false],
    ["gitea", { "x-gitea-event": "pull_request_comment" }, {}, true],
    ["generic", {}, { pull_request: {} }, false],
  ])("%s: %j with %j, of which no change is made, is about a pull request: %j", async (...call) => {
    const isAbout = call[3];
    const read = await delivered(call[0], call[1], call[2]);
    expect([read.changes, read.isOfPullRequest ?? false]).toEqual([[], isAbout]);
  });

  const pipeline = (source: string, more: object = {}) =>
    ({
      project,
      object_kind: "pipeline",
      merge_request: null,
      object_attributes: { source, ref: "main", ...more },
    }) as Json;
  const forgejoRun = (is_fork_pull_request: boolean, trigger_event: string) => ({
    run: { is_fork_pull_request, trigger_event, event: trigger_event },
  });
  it.each<[HookSource, Record<string, string>, Json, boolean]>([
    ["gitlab", { "x-gitlab-event": "Pipeline Hook" }, pipeline("push"), false],
    ["gitlab", { "x-gitlab-event": "Pipeline Hook" }, pipeline("schedule"), false],
    ["gitlab", { "x-gitlab-event": "Pipeline Hook" }, pipeline("merge_request_event"), true],
    ["gitlab", { "x-gitlab-event": "Pipeline Hook" }, pipeline("parent_pipeline"), true],
    ["gitlab", { "x-gitlab-event": "Pipeline Hook" }, pipeline("external"), true],
    [
      "gitlab",
      { "x-gitlab-event": "Pipeline Hook" },
      pipeline("push", { ref: "refs/merge-requests/1/head" }),
      true,
    ],
    ["gitlab", { "x-gitlab-event": "Pipeline Hook" }, { project, object_attributes: {} }, true],
    ["gitlab", { "x-gitlab-event": "Job Hook" }, { object_kind: "build", ref: "main", sha: SHA }, true],
    ["gitlab", { "x-gitlab-event": "Deployment Hook" }, { object_kind: "deployment", ref: "main" }, true],
    ["gitlab", { "x-gitlab-event": "Note Hook" }, { object_kind: "note", issue: { iid: 7 } }, false],
    ["gitlab", { "x-gitlab-event": "Note Hook" }, { object_kind: "note", commit: { id: SHA } }, true],
    ["gitlab", { "x-gitlab-event": "Note Hook" }, { object_kind: "note" }, true],
    ["gitlab", { "x-gitlab-event": "Emoji Hook" }, { object_kind: "emoji", issue: { iid: 7 } }, false],
    ["gitlab", { "x-gitlab-event": "Issue Hook" }, { object_kind: "issue" }, false],
    ["gitlab", { "x-gitlab-event": "Release Hook" }, { object_kind: "release" }, false],
    ["gitea", { "x-gitea-event": "issues" }, {}, false],
    ["gitea", { "x-gitea-event": "push" }, giteaPush({ ref: "refs/for/main" }), true],
    ["gitea", { "x-gitea-event": "status" }, { sha: SHA, context: "ci", state: "success" }, true],
    ["gitea", { "x-gitea-event": "workflow_run" }, { workflow_run: { event: "push" } }, false],
    ["gitea", { "x-gitea-event": "workflow_run" }, { workflow_run: { event: "pull_request" } }, true],
    ["gitea", { "x-gitea-event": "workflow_job" }, { workflow_job: { head_branch: "main" } }, true],
    ["gitea", { "x-forgejo-event": "action_run_success" }, forgejoRun(false, "push"), false],
    ["gitea", { "x-forgejo-event": "action_run_success" }, forgejoRun(true, "push"), true],
    ["gitea", { "x-forgejo-event": "action_run_failure" }, forgejoRun(false, "pull_request"), true],
    [
      "bitbucket",
      { "x-event-key": "repo:commit_status_created" },
      { commit_status: { refname: "main" } },
      true,
    ],
    ["bitbucket", { "x-event-key": "repo:commit_comment_created" }, { comment: {} }, true],
    ["bitbucket", { "x-event-key": "issue:created" }, {}, false],
    ["bitbucket", { "x-event-key": "repo:refs_changed" }, {}, false],
    ["bitbucket", { "x-event-key": "repo:comment:added" }, {}, true],
    ["stripe", {}, { id: "evt_1", type: "invoice.paid" }, false],
    ["generic", {}, {}, false],
  ])("%s: %j with %j, of which no change is made, may be a fork's: %j", async (...call) => {
    const read = await delivered(call[0], call[1], call[2]);
    expect([read.changes, read.mayBeOfFork ?? false]).toEqual([[], call[3]]);
  });

  it("an address with credentials, of another kind, or a name that is none is not cloned from", async () => {
    for (const clone_url of [
      "https://a:b@git.example/o/r.git",
      "file:///etc",
      "ext::sh -c true",
      "--upload-pack=x",
      "https://git.example/a b",
    ]) {
      const repository = { clone_url, full_name: "o/r", private: true };
      expect(
        (await delivered("gitea", { "x-gitea-event": "push" }, giteaPush({ repository }))).changes,
      ).toEqual([]);
    }
  });
});

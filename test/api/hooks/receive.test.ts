import { env } from "cloudflare:workers";
import { sign } from "@octokit/webhooks-methods";
import { describe, expect, it } from "vitest";
import { createApi } from "../../../src/api/app.ts";
import type { HookListBody, ReceiptBody, StoredHookBody } from "../../../src/api/delivery-schema.ts";
import type { ErrorBody, EventListBody, RunBody, RunListBody } from "../../../src/api/run-schema.ts";
import { HOOK_BODY_MAX_BYTES, REFUSED_CALLS_APART_MS } from "../../../src/core/limits.ts";
import { refusedCallsCounter } from "../../../src/flow/refused-calls.ts";
import { apiPorts } from "../../../src/worker/ports.ts";
import { gitlabPush } from "../../hooks/payloads.ts";
import { countedD1 } from "../../support/counted-d1.ts";
import { aPullRequest, aPush, githubCall } from "../../support/signed.ts";
import { call } from "../jobs/call.ts";
import { aHookOf, aPushCall, deliver, ledgerOf, RUN, SECRET } from "./calls.ts";

const SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e";
const runsOf = async (job: string) =>
  (await call<RunListBody>("GET", `/v1/runs?job=${job}&limit=200`)).body.runs;
const run = async (id: string | null) => (await call<RunBody>("GET", `/v1/runs/${id}`)).body;

describe("a call of a hook", () => {
  it("starts a run that knows its delivery, with what map makes of it", async () => {
    const input = { ref: "change.ref", forced: "payload.forced" };
    const { url } = await aHookOf("started", { map: { env: { PUSHER: "payload.pusher.name" }, input } });
    const answer = await deliver(url, await aPushCall("1"));
    expect([answer.status, answer.body]).toEqual([
      202,
      {
        delivery: "1",
        verdict: "started",
        why: null,
        detail: null,
        run_id: expect.stringMatching(/^run_/),
        duplicate: false,
        received_at: expect.stringMatching(/^\d{4}-/),
        repeats: 0,
      },
    ]);
    const started = await run(answer.body.run_id);
    expect(started).toMatchObject({
      job: { name: "started", version: 1 },
      env: { PUSHER: "octocat" },
      input: { ref: "refs/heads/main", forced: false },
      delivery: {
        hook: "github",
        id: "1",
        event: "push",
        without_secrets: false,
        change: { kind: "push", branch: "main", sha: SHA, repository: { full_name: "octocat/hello" } },
      },
    });
    const { body } = await call<EventListBody>("GET", `/v1/runs/${started.id}/events`);
    expect(body.events[0]).toMatchObject({
      type: "accepted",
      data: { delivery: { hook: "github", id: "1", without_secrets: false } },
    });
  });

  it("is answered the first one's verdict when it comes again, whatever has become of the hook", async () => {
    const { url } = await aHookOf("again");
    const sent = await aPushCall("1");
    const first = await deliver(url, sent);
    await aHookOf("again", { events: ["release"] });
    const again = await deliver(url, sent);
    expect([first.status, again.status]).toEqual([202, 200]);
    expect(again.body).toEqual({ ...first.body, duplicate: true, repeats: 1 });
    const { body } = await ledgerOf("again");
    expect(body.deliveries).toMatchObject([{ id: "1", verdict: "started", repeats: 1 }]);
    expect(await runsOf("again")).toHaveLength(1);
  });

  it("a hundred times at once starts one run, and each is told of it", async () => {
    const { url } = await aHookOf("at-once");
    const sent = await aPushCall("same");
    const answers = await Promise.all(Array.from({ length: 100 }, () => deliver(url, sent)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(1);
    expect(statuses.filter((status) => status === 200)).toHaveLength(99);
    const runs = await runsOf("at-once");
    expect(runs).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => body.run_id))).toEqual(new Set([runs[0]?.id]));
    expect((await ledgerOf("at-once")).body.deliveries).toMatchObject([{ repeats: 99 }]);
  });

  it("a re-run of its run has its delivery, too, and is no delivery", async () => {
    const { url } = await aHookOf("rerun");
    const { body } = await deliver(url, await aPushCall("1"));
    const again = await call<RunBody>("POST", `/v1/runs/${body.run_id}/rerun`);
    expect(again.body).toMatchObject({
      rerun_of: body.run_id,
      delivery: { id: "1", change: { sha: SHA } },
    });
    expect((await ledgerOf("rerun")).body.deliveries).toHaveLength(1);
  });

  it("checks out what it says has changed, with the job's token and not for a fork", async () => {
    expect((await call("PUT", "/v1/secrets/GIT_TOKEN", { value: "a token" })).status).toBeLessThan(300);
    const checkout = { token: "GIT_TOKEN" };
    const { url } = await aHookOf("built", {}, { run: { ...RUN, checkout } });
    const pushed = await deliver(url, await aPushCall("pushed"));
    const built = await run(pushed.body.run_id);
    const repository = "https://github.com/octocat/hello.git";
    expect(built.checkout).toMatchObject({ repository, ref: SHA, token: "GIT_TOKEN" });
    const event = "pull_request";
    const stranger = await githubCall(SECRET, { id: "fork", event, payload: aPullRequest("stranger/hello") });
    const ofFork = await run((await deliver(url, stranger)).body.run_id);
    expect(ofFork.checkout).toMatchObject({ repository, ref: "a".repeat(40) });
    expect(ofFork.checkout).not.toHaveProperty("token");
    expect(ofFork.delivery).toMatchObject({ without_secrets: true });
    const rerun = await call<RunBody>("POST", `/v1/runs/${built.id}/rerun`);
    expect(rerun.body.checkout).toMatchObject({ repository, ref: SHA });
    const byHand = await call<ErrorBody>("POST", "/v1/jobs/built/runs", {});
    expect([byHand.status, byHand.body.error.path]).toEqual([422, "job.run.checkout.repository"]);
  });

  it("gives the job's token to no host that it alone names, whether it comes, is resent, or is run again by hand", async () => {
    const secret = await call("PUT", "/v1/secrets/GIT_TOKEN", { value: "a token" });
    expect(secret.status).toBeLessThan(300);
    const run_ = (checkout: object) => ({ run: { ...RUN, checkout } });
    const at = (url: string) => ({
      project: { git_http_url: url, path_with_namespace: "a/b", visibility_level: 0 },
    });
    const headers = { "x-gitlab-event": "Push Hook", "x-gitlab-token": SECRET };
    const aCall = (id: string, url: string) => ({
      headers: new Headers({ ...headers, "idempotency-key": id }),
      body: new Uint8Array(new TextEncoder().encode(JSON.stringify(gitlabPush(at(url))))),
    });
    const theirs = "https://git.evil.example:8443/a/b.git";
    const hook = await aHookOf("known", { source: "gitlab" }, run_({ token: "GIT_TOKEN" }));
    const refused = await deliver(hook.url, aCall("1", theirs));
    expect(refused.body).toMatchObject({
      ...{ verdict: "refused", run_id: null },
      detail:
        'the job can not be run: job.run.checkout.token_hosts: does not name git.evil.example:8443, where the repository is that has changed; the token GIT_TOKEN is given to gitlab.com and to the hosts that are named here alone: write token_hosts: ["git.evil.example:8443"] beside token, if that host is yours',
    });
    const resend = (id: string) =>
      call<ReceiptBody>("POST", `/v1/jobs/known/hooks/gitlab/deliveries/${id}/resend`);
    expect((await resend("1")).body).toMatchObject({ verdict: "refused", run_id: null });
    expect(await runsOf("known")).toEqual([]);
    const own = await deliver(hook.url, aCall("2", "https://gitlab.com/a/b.git"));
    expect((await run(own.body.run_id)).checkout).toMatchObject({ token: "GIT_TOKEN" });
    const hosts = { token_hosts: ["git.evil.example:8443"] };
    await aHookOf("known", { source: "gitlab" }, run_({ token: "GIT_TOKEN", ...hosts }));
    const known = await run((await resend("1")).body.run_id);
    expect(known.checkout).toMatchObject({ repository: theirs, token: "GIT_TOKEN", ...hosts });
    const again = await call<RunBody>("POST", `/v1/runs/${known.id}/rerun`);
    expect(again.body.checkout).toEqual(known.checkout);
    // What takes no token is asked for wherever it is. Given one by hand it has to be said where it goes.
    await aHookOf("known", { source: "gitlab" }, run_({}));
    const open = (await resend("1")).body.run_id;
    const rerun = async (checkout: object) =>
      (await call<ErrorBody & RunBody>("POST", `/v1/runs/${open}/rerun`, { checkout })).body;
    expect((await rerun({ token: "GIT_TOKEN" })).error).toMatchObject({
      path: "checkout.token_hosts",
      message: expect.stringContaining("does not name git.evil.example:8443"),
    });
    const given = { token: "GIT_TOKEN", repository: theirs };
    expect((await rerun({ token: "GIT_TOKEN", ...hosts })).checkout).toMatchObject(given);
    const named = await rerun(given);
    expect(named.checkout).toMatchObject(given);
    // Who has said it once need not say it again.
    for (const changes of [undefined, { checkout: { token: "HOOK_SECRET" } }])
      expect(
        (await call<RunBody>("POST", `/v1/runs/${named.id}/rerun`, changes)).body.checkout,
      ).toMatchObject({ ...given, ...changes?.checkout });
  });

  it("takes a token by hand for a stranger's change where the job names the repository, at a host of its own", async () => {
    expect((await call("PUT", "/v1/secrets/GIT_TOKEN", { value: "a token" })).status).toBeLessThan(300);
    const repository = "https://git.example/octocat/hello.git";
    const checkout = { repository, token: "GIT_TOKEN" };
    const atOwnHost = JSON.stringify(aPullRequest("stranger/hello")).replaceAll("github.com", "git.example");
    const payload = JSON.parse(atOwnHost) as Record<string, unknown>;
    const { url } = await aHookOf("named", {}, { run: { ...RUN, checkout } });
    const { run_id } = (
      await deliver(url, await githubCall(SECRET, { id: "1", event: "pull_request", payload }))
    ).body;
    const before = await run(run_id);
    expect([before.checkout?.repository, before.checkout?.token]).toEqual([repository, undefined]);
    const withToken = { checkout: { token: "GIT_TOKEN" } };
    const rerun = () => call<ErrorBody & RunBody>("POST", `/v1/runs/${run_id}/rerun`, withToken);
    expect((await rerun()).body.checkout).toMatchObject(checkout);
    // It is the version that the run is of which counts.
    await aHookOf("named", {}, { run: RUN });
    expect((await rerun()).body.checkout).toMatchObject(checkout);
  });

  it("about a pull request that nobody can tell to be the repository's own starts a run without secrets", async () => {
    const hook = { events: ["issue_comment", "status"] };
    const { url } = await aHookOf("comments", hook, { run: { ...RUN, secrets: { TOKEN: "HOOK_SECRET" } } });
    const comment = async (id: string, issue: object) => {
      const payload = { action: "created", issue, comment: { body: "/test" } };
      const sent = await githubCall(SECRET, { id, event: "issue_comment", payload });
      return run((await deliver(url, sent)).body.run_id);
    };
    const ofPull = await comment("1", { number: 7, pull_request: { url: "https://api.github.com/x" } });
    expect(ofPull).toMatchObject({ secrets: {}, delivery: { without_secrets: true, change: null } });
    const ofIssue = await comment("2", { number: 8 });
    expect(ofIssue).toMatchObject({
      secrets: { TOKEN: "HOOK_SECRET" },
      delivery: { without_secrets: false },
    });
    const status = async (branches: object[]) => {
      const payload = { sha: SHA, state: "success", branches };
      const sent = await githubCall(SECRET, { id: `of ${branches.length}`, event: "status", payload });
      return run((await deliver(url, sent)).body.run_id);
    };
    expect(await status([])).toMatchObject({ secrets: {}, delivery: { without_secrets: true } });
    expect(await status([{ name: "main" }])).toMatchObject({ secrets: { TOKEN: "HOOK_SECRET" } });
  });

  it("of another repository than the checkout names starts a run that says so", async () => {
    const checkout = { repository: "HTTPS://github.com/octocat/other" };
    const { url } = await aHookOf("elsewhere", {}, { run: { ...RUN, checkout } });
    const elsewhere = await run((await deliver(url, await aPushCall("1"))).body.run_id);
    expect(elsewhere.checkout).toMatchObject({ repository: "https://github.com/octocat/other" });
    expect(elsewhere.checkout).not.toHaveProperty("ref");
    expect(elsewhere.delivery).toMatchObject({ other_repository: true });
    const own = { repository: "https://github.com/Octocat/Hello" };
    const { url: ownUrl } = await aHookOf("own", {}, { run: { ...RUN, checkout: own } });
    const built = await run((await deliver(ownUrl, await aPushCall("1"))).body.run_id);
    expect(built.checkout).toMatchObject({ ...own, ref: SHA });
    expect(built.delivery).toMatchObject({ other_repository: false });
  });

  it("of a pull request from a fork starts a run without secrets, which says so", async () => {
    // They need not even be there.
    const { url } = await aHookOf("fork", {}, { run: { ...RUN, secrets: { TOKEN: "NOT_THERE" } } });
    const event = "pull_request";
    const stranger = await githubCall(SECRET, { id: "fork", event, payload: aPullRequest("stranger/hello") });
    const { body } = await deliver(url, stranger);
    expect(body).toMatchObject({ verdict: "started" });
    expect(await run(body.run_id)).toMatchObject({
      secrets: {},
      delivery: { without_secrets: true, change: { pull_request: { number: 7, is_fork: true } } },
    });
    // Whoever repeats it can give it some.
    const rerun = (changes?: object) => call<RunBody>("POST", `/v1/runs/${body.run_id}/rerun`, changes);
    expect((await rerun()).body.delivery).toMatchObject({ without_secrets: true });
    const withSecrets = await rerun({ secrets: { TOKEN: "HOOK_SECRET" } });
    expect(withSecrets.body.delivery).toMatchObject({ id: "fork", without_secrets: false });
    const own = await githubCall(SECRET, { id: "own", event, payload: aPullRequest("octocat/hello") });
    expect((await deliver(url, own)).body).toMatchObject({
      verdict: "refused",
      detail: expect.stringContaining("job.run.secrets.TOKEN: there is no secret NOT_THERE"),
    });
    const { deliveries } = (await ledgerOf("fork")).body;
    expect(deliveries.map(({ id, without_secrets }) => [id, without_secrets])).toEqual([
      ["own", false],
      ["fork", true],
    ]);
  });

  it("that tells of no commit is refused where it is named and the checkout leaves the commit to it", async () => {
    const events = ["issue_comment"];
    const { url } = await aHookOf("commented", { events }, { run: { ...RUN, checkout: true } });
    const payload = { action: "created", repository: aPush("main").repository };
    const comment = await githubCall(SECRET, { id: "1", event: "issue_comment", payload });
    expect((await deliver(url, comment)).body).toMatchObject({
      verdict: "refused",
      detail: expect.stringContaining(
        "job.run.checkout.repository: is needed: this delivery tells of no commit",
      ),
    });
  });

  it("of a release checks its tag out", async () => {
    const events = ["release.published"];
    const { url } = await aHookOf("released", { events, tags: ["v*"] }, { run: { ...RUN, checkout: true } });
    const payload = { ...aPush("main"), action: "published", release: { tag_name: "v1", draft: false } };
    const released = await githubCall(SECRET, { id: "1", event: "release", payload });
    // Signed as GitHub's own library does.
    released.headers.set("x-hub-signature-256", await sign(SECRET, JSON.stringify(payload)));
    const answer = await deliver(url, released);
    expect(await run(answer.body.run_id)).toMatchObject({
      checkout: { repository: "https://github.com/octocat/hello.git", ref: "refs/tags/v1" },
      delivery: { event: "release", change: { kind: "tag", tag: "v1", sha: null } },
    });
  });

  it("that starts a run though paths could not judge it says so", async () => {
    const { url } = await aHookOf("unjudged", { paths: ["docs/**"] });
    const payload = aPullRequest("octocat/hello");
    const { body } = await deliver(
      url,
      await githubCall(SECRET, { id: "1", event: "pull_request", payload }),
    );
    expect(body).toMatchObject({
      verdict: "started",
      detail: expect.stringContaining("paths did not count"),
    });
    expect((await ledgerOf("unjudged")).body.deliveries).toMatchObject([{ detail: body.detail }]);
  });

  it.each<[string, object, object, object]>([
    ["another event", { events: ["release"] }, {}, { verdict: "filtered", why: "event" }],
    ["another branch", { branches: ["release/**"] }, {}, { verdict: "filtered", why: "branch" }],
    ["other files", { paths: ["src/**"] }, {}, { verdict: "filtered", why: "path" }],
    ["an if", { if: "payload.forced" }, {}, { verdict: "filtered", why: "if" }],
    [
      "an input that the job does not take",
      { map: { input: { ref: "1" } } },
      { input_schema: { properties: { ref: { type: "string" } } } },
      { verdict: "refused", detail: expect.stringContaining("input.ref: must be text") },
    ],
    [
      "a payload without what map wants",
      { map: { env: { A: "payload.nothing.at.all" } } },
      {},
      { verdict: "refused", detail: expect.stringContaining("map.env.A") },
    ],
  ])("starts nothing by %s, and the ledger says why", async (what, change, definition, told) => {
    const job = what.replaceAll(" ", "-");
    const { url } = await aHookOf(job, change, definition);
    const answer = await deliver(url, await aPushCall("1"));
    expect([answer.status, answer.body]).toEqual([202, expect.objectContaining({ ...told, run_id: null })]);
    expect((await ledgerOf(job)).body.deliveries).toMatchObject([told]);
    expect(await runsOf(job)).toEqual([]);
  });

  it("starts nothing while the job is paused, nor where the commit says so", async () => {
    const { url } = await aHookOf("quiet");
    const head_commit = { id: SHA, message: "Mend the roof [skip ci]", added: [], removed: [], modified: [] };
    const skipped = await githubCall(SECRET, { id: "1", payload: aPush("main", { head_commit }) });
    expect((await deliver(url, skipped)).body).toMatchObject({ verdict: "filtered", why: "skip_ci" });
    await call("POST", "/v1/jobs/quiet/pause");
    expect((await deliver(url, await aPushCall("2"))).body).toMatchObject({ verdict: "paused" });
    expect(await runsOf("quiet")).toEqual([]);
  });
});

describe("who is not let in", () => {
  it("is told the same in text, headers and by as many statements, whatever was wrong", async () => {
    const { url } = await aHookOf("guarded");
    const path = new URL(url).pathname;
    const { database: DB, counts } = countedD1(env.DB);
    const later: (() => Promise<unknown>)[] = [];
    const afterAnswer = (work: () => Promise<unknown>) => void later.push(work);
    const api = createApi({ ...apiPorts({ ...env, DB }), refusedCalls: refusedCallsCounter(), afterAnswer });
    async function told(at: string, secret = SECRET) {
      const before = counts.sent;
      const { headers, body } = await aPushCall("1", "main", secret);
      const response = await api.request(at, { method: "POST", headers, body });
      const text = await response.text();
      const { error } = JSON.parse(text) as { error: Record<string, unknown> };
      const statements = counts.sent - before;
      for (const work of later.splice(0)) await work();
      return {
        status: response.status,
        headers: [...response.headers].filter(([name]) => name !== "x-request-id"),
        error: { ...error, request_id: "" },
        length: text.length,
        statements,
        afterAnswer: counts.sent - before - statements,
      };
    }
    const unknown = await told(`/hooks/${"0".repeat(28)}`);
    expect(unknown).toMatchObject({
      status: 401,
      error: { code: "unauthorized", path: null },
      statements: 2,
      afterAnswer: 1,
    });
    expect(await told("/hooks/x")).toEqual(unknown);
    expect(await told(path, "another secret")).toEqual(unknown);
    // Within a minute they are counted, and not written.
    const again = { ...unknown, afterAnswer: 0 };
    expect(await told("/hooks/x")).toEqual(again);
    await call("DELETE", "/v1/secrets/HOOK_SECRET");
    expect(await told(path)).toEqual(again);
    await aHookOf("guarded");
    await call("DELETE", "/v1/jobs/guarded");
    expect(await told(path)).toEqual(again);
    expect((await ledgerOf("guarded")).status).toBe(404);
  });

  it("is counted with its hook, which shows that its sender has another secret", async () => {
    const hook = await aHookOf("wrong-secret");
    const path = new URL(hook.url).pathname;
    let now = Date.now();
    const later: (() => Promise<unknown>)[] = [];
    const api = createApi({
      ...apiPorts(env),
      refusedCalls: refusedCallsCounter(),
      afterAnswer: (work) => void later.push(work),
      clock: { now: () => now },
    });
    async function refusedAfter(ms: number, secret = "another secret") {
      now += ms;
      const { headers, body } = await aPushCall("1", "main", secret);
      await api.request(path, { method: "POST", headers, body });
      for (const work of later.splice(0)) await work();
      const [{ refused_calls: told } = hook] = (await call<HookListBody>("GET", "/v1/hooks?job=wrong-secret"))
        .body.hooks;
      return told && [told.at_least, Date.parse(told.since) - first, Date.parse(told.last_at) - first];
    }
    const first = now;
    expect(hook.refused_calls).toBeNull();
    expect(await refusedAfter(0)).toEqual([1, 0, 0]);
    expect(await refusedAfter(1)).toEqual([1, 0, 0]);
    expect(await refusedAfter(1)).toEqual([1, 0, 0]);
    expect(await refusedAfter(60_000)).toEqual([4, 0, 60_002]);
    expect(await refusedAfter(1, SECRET)).toEqual([4, 0, 60_002]);
    expect(await refusedAfter(REFUSED_CALLS_APART_MS)).toEqual([
      1,
      60_003 + REFUSED_CALLS_APART_MS,
      60_003 + REFUSED_CALLS_APART_MS,
    ]);
    await aHookOf("wrong-secret", { events: ["push"] });
    expect((await refusedAfter(60_000))?.[0]).toBe(2);
    const rotated = await call<StoredHookBody>("POST", "/v1/jobs/wrong-secret/hooks/github/rotate");
    expect(rotated.body.refused_calls).toBeNull();
  });

  it("is told that the body is too large before anybody looks for the hook", async () => {
    const body = new Uint8Array(HOOK_BODY_MAX_BYTES + 1);
    const answer = await deliver("https://mayfly.test/hooks/nobody", { headers: new Headers(), body });
    expect([answer.status, answer.body.error.code]).toEqual([413, "body_too_large"]);
  });

  it("does not learn by looking what a URL leads to", async () => {
    const { url } = await aHookOf("looked-at");
    expect((await call("GET", new URL(url).pathname)).status).toBe(404);
  });
});

it("whatever is long or deep in a delivery, it is in the ledger with what came of it", async () => {
  const { url } = await aHookOf("odd", {
    events: ["push", "pull_request"],
    if: 'payload.?odd.orValue("") == "" || payload.odd == null || "a".matches(payload.odd)',
    map: {
      env: Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`A${at}`, 'payload.?a.orValue("")'])),
    },
  });
  const verdictOf = async (id: string, payload: unknown, event = "push") =>
    (await deliver(url, await githubCall(SECRET, { id, event, payload }))).body.verdict;
  const pull = aPullRequest("octocat/hello");
  const title = "t".repeat(2_500_000);
  const titled = { ...pull, pull_request: { ...(pull.pull_request as object), title } };
  expect(await verdictOf("title", titled, "pull_request")).toBe("started");
  expect(await verdictOf("groups", aPush("main", { odd: "(".repeat(3000) + ")".repeat(3000) }))).toBe(
    "filtered",
  );
  const deep = `{"odd":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  expect(await verdictOf("deep", deep)).toBe("filtered");
  expect(await verdictOf("long", aPush("main", { a: "a".repeat(100_000) }))).toBe("refused");
  expect(await verdictOf("together", aPush("main", { a: "a".repeat(60_000) }))).toBe("refused");
  expect(await verdictOf("message", aPush("main", { head_commit: { id: SHA, message: title } }))).toBe(
    "started",
  );
  const { deliveries } = (await ledgerOf("odd")).body;
  expect(deliveries.map(({ id }) => id).sort()).toEqual([
    "deep",
    "groups",
    "long",
    "message",
    "title",
    "together",
  ]);
  expect(deliveries.find(({ id }) => id === "together")?.detail).toContain("the run has 18");
  expect(deliveries.find(({ id }) => id === "title")?.change?.pull_request?.title).toBe("t".repeat(1024));
});

it("a call that is signed and no delivery is told what is wrong with it, and is in the ledger", async () => {
  const { url } = await aHookOf("unreadable");
  const answer = await deliver(url, await githubCall(SECRET, { id: "1", payload: "{" }));
  expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_json"]);
  expect(answer.body.error.message).toContain("must be JSON in UTF-8");
  expect((await ledgerOf("unreadable")).body.deliveries).toMatchObject([
    { verdict: "refused", event: "unreadable", detail: expect.stringContaining("must be JSON") },
  ]);
});

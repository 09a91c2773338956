import { describe, expect, it } from "vitest";
import type { HookListBody, StoredHookBody } from "../../../src/api/delivery-schema.ts";
import type { ReportBody, ReportListBody } from "../../../src/api/report-ledger-schema.ts";
import type { RunBody } from "../../../src/api/run-schema.ts";
import { aPullRequest, githubCall } from "../../support/signed.ts";
import { call, put } from "../jobs/call.ts";
import { aHookOf, aPushCall, deliver, RUN, SECRET } from "./calls.ts";

describe("a hook", () => {
  it("is listed with its URL, what keeps its calls out, and what it was called with last", async () => {
    const hook = await aHookOf("listed", { secret: ["NOT_SET", "HOOK_SECRET"] });
    expect(hook).toMatchObject({
      job: "listed",
      name: "github",
      source: "github",
      url: expect.stringMatching(/^https:\/\/mayfly\.test\/hooks\/[0-9a-z]{28}$/),
      secrets: ["NOT_SET", "HOOK_SECRET"],
      problem: null,
      last_delivery: null,
    });
    await deliver(hook.url, await aPushCall("last"));
    const last = await call<StoredHookBody>("GET", "/v1/jobs/listed/hooks/github");
    expect(last.body.last_delivery).toMatchObject({
      id: "last",
      verdict: "started",
      run: { status: "queued" },
    });
    await aHookOf("listed", { name: "unset", secret: "NOT_SET" });
    const { body } = await call<HookListBody>("GET", "/v1/hooks?job=listed");
    const problem = expect.stringContaining("no secret NOT_SET");
    expect(body.hooks).toMatchObject([{ name: "unset", problem }]);
  });

  it("keeps its URL over versions and rollbacks, and its job's definition tells it as it was put", async () => {
    const { url } = await aHookOf("kept");
    expect((await aHookOf("kept", { branches: ["main"] })).url).toBe(url);
    const diff = await call<{ changes: unknown[] }>("GET", "/v1/jobs/kept/diff?from=1&to=2");
    expect(diff.body.changes).toEqual([{ path: "hooks.0.branches", to: ["main"] }]);
    expect((await call("POST", "/v1/jobs/kept/rollback", { version: 1 })).body).toMatchObject({
      version: 3,
      hooks: [{ source: "github", secret: "HOOK_SECRET" }],
    });
    const shown = await call<StoredHookBody>("GET", "/v1/jobs/kept/hooks/github");
    expect(shown.body.url).toBe(url);
  });

  it("means the same where only the order of its fields is another, and makes no version then", async () => {
    await aHookOf("same");
    const again = await put("same", { hooks: [{ secret: "HOOK_SECRET", source: "github" }], run: RUN });
    expect(again.body).toMatchObject({ outcome: "unchanged", version: 1 });
  });

  it("comes in pages, over all jobs", async () => {
    await aHookOf("zz-one");
    await aHookOf("zz-two");
    const seen: string[] = [];
    for (let cursor: string | null = "zz/a"; cursor !== null; ) {
      const page: { body: HookListBody } = await call("GET", `/v1/hooks?limit=1&cursor=${cursor}`);
      seen.push(...page.body.hooks.map(({ job, name }) => `${job}/${name}`));
      cursor = page.body.next_cursor;
    }
    expect(seen).toEqual(["zz-one/github", "zz-two/github"]);
  });

  it("gets another URL: the one before is unknown, and what came by it is known when it comes again", async () => {
    const { url } = await aHookOf("rotated");
    const first = await deliver(url, await aPushCall("1"));
    const rotated = await call<StoredHookBody>("POST", "/v1/jobs/rotated/hooks/github/rotate");
    expect(rotated.body.url).not.toBe(url);
    expect((await deliver(url, await aPushCall("2"))).status).toBe(401);
    const again = await deliver(rotated.body.url, await aPushCall("1"));
    expect([again.status, again.body.run_id]).toEqual([200, first.body.run_id]);
  });
});

describe("calls about hooks that are not accepted", () => {
  it.each([
    ["GET", "/v1/hooks?limit=0", "query.limit"],
    ["GET", "/v1/hooks?job=A", "query.job"],
    ["GET", "/v1/hooks?cursor=x", "query.cursor"],
    ["GET", "/v1/hooks?what=x", "query.what"],
    ["GET", "/v1/jobs/A/hooks/github", "path.job"],
    ["GET", "/v1/jobs/a/hooks/A", "path.name"],
    ["GET", "/v1/jobs/a/hooks/github/deliveries?verdict=ran", "query.verdict"],
    ["GET", "/v1/jobs/a/hooks/github/deliveries?run=x", "query.run"],
    ["GET", "/v1/jobs/a/hooks/github/deliveries?text=", "query.text"],
    ["GET", "/v1/jobs/a/hooks/github/deliveries?cursor=yesterday", "query.cursor"],
    ["GET", "/v1/jobs/a/hooks/github/deliveries?limit=201", "query.limit"],
  ])("%s %s names %s", async (method, path, field) => {
    const answer = await call(method, path);
    expect([answer.status, answer.body.error.path]).toEqual([422, field]);
  });

  it("what there is not is 404, with what there is", async () => {
    await aHookOf("there");
    const answers = [
      await call("GET", "/v1/jobs/there/hooks/gitlab"),
      await call("POST", "/v1/jobs/there/hooks/gitlab/rotate"),
      await call("POST", "/v1/jobs/there/hooks/gitlab/try"),
      await call("GET", "/v1/jobs/there/hooks/gitlab/deliveries"),
      await call("POST", "/v1/jobs/there/hooks/gitlab/deliveries/1/resend"),
    ];
    for (const { status, body } of answers)
      expect([status, body.error.path, body.error.message]).toEqual([
        404,
        "path.name",
        "there is no hook gitlab of a job there; it has github",
      ]);
    const unknown = await call("POST", "/v1/jobs/there/hooks/github/deliveries/1/resend");
    expect([unknown.status, unknown.body.error.path]).toEqual([404, "path.delivery"]);
  });
});

describe("a hook's report", () => {
  const reportsOf = (job: string, query = "") =>
    call<ReportListBody>("GET", `/v1/jobs/${job}/hooks/github/reports${query}`);

  it("is told with the hook and its runs, also a fork's, which are given no secret, and is in a ledger", async () => {
    const checkout = { repository: "https://github.com/octocat/hello", token: "NO_TOKEN" };
    const { url, report } = await aHookOf("reported", { report: true }, { run: { ...RUN, checkout } });
    expect(report).toEqual({
      context: "mayfly/reported",
      token: "NO_TOKEN",
      api_url: null,
      problem: "there is no secret NO_TOKEN, so nothing is reported; set it first",
      failing_since: null,
    });
    expect((await reportsOf("reported")).body).toEqual({ reports: [], next_cursor: null });
    const payload = aPullRequest("stranger/hello");
    const receipt = await deliver(url, await githubCall(SECRET, { id: "1", event: "pull_request", payload }));
    const run = await call<RunBody>("GET", `/v1/runs/${receipt.body.run_id}`);
    expect(run.body.delivery).toMatchObject({
      without_secrets: true,
      report: { context: "mayfly/reported", api_url: null },
    });
    expect(JSON.stringify(run.body)).not.toContain('"NO_TOKEN"');
    const query = `?run=${receipt.body.run_id}&state=pending`;
    await expect
      .poll(async () => (await reportsOf("reported", query)).body.reports)
      .toMatchObject([
        {
          type: "status.pending",
          run_id: receipt.body.run_id,
          commit_status: { repository: { full_name: "octocat/hello" }, state: "pending", token: "NO_TOKEN" },
          last_attempt: { status: null, error: "there is no secret NO_TOKEN, which has the token; set it" },
          waiting: { for: "secret", secret: "NO_TOKEN" },
        },
      ]);
    const [found] = (await reportsOf("reported")).body.reports;
    const path = `/v1/jobs/reported/hooks/github/reports/${found?.id}`;
    const shown = await call<ReportBody>("GET", path);
    expect(shown.body).toMatchObject({
      ...{ id: found?.id, attempts: [{ status: null }], waits_for: null },
      waiting: { for: "secret", secret: "NO_TOKEN" },
    });
    const hook = await call<StoredHookBody>("GET", "/v1/jobs/reported/hooks/github");
    expect(hook.body.report?.failing_since).toEqual(expect.any(String));
    expect((await call("POST", `${path}/resend`)).status).toBe(202);
    expect((await call("GET", `${path.slice(0, -1)}!`)).status).toBe(404);
    expect((await call("GET", "/v1/jobs/reported/hooks/none/reports")).status).toBe(404);
  });

  it("has the context of its hook's own name, and its API where base_url says", async () => {
    const told = async (change: object) => {
      const { report } = await aHookOf("placed", change);
      return [report?.context, report?.api_url];
    };
    const base = (base_url: string) => ({ report: { token: "HOOK_SECRET", base_url } });
    expect(await told({ name: "pushes", ...base("https://ghe.example.com/") })).toEqual([
      "mayfly/placed/pushes",
      "https://ghe.example.com/api/v3",
    ]);
    expect(await told(base("https://api.acme.ghe.com"))).toEqual([
      "mayfly/placed",
      "https://api.acme.ghe.com",
    ]);
    expect(await told({ source: "gitea", ...base("https://git.example.com/gitea/api/v1/") })).toEqual([
      "mayfly/placed",
      "https://git.example.com/gitea/api/v1",
    ]);
    expect(await told({ report: { token: "HOOK_SECRET", context: "ci" } })).toEqual(["ci", null]);
    const inside = [{ source: "github", secret: "HOOK_SECRET", ...base("https://169.254.169.254") }];
    const refused = await put("placed", { run: RUN, hooks: inside });
    expect([refused.status, refused.body.error.path]).toEqual([422, "hooks.0.report.base_url"]);
    expect(refused.body.error.message).toContain("no address of the public internet");
  });
});

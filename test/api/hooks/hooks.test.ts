import { describe, expect, it } from "vitest";
import type { HookListBody, StoredHookBody } from "../../../src/api/delivery-schema.ts";
import { call, put } from "../jobs/call.ts";
import { aHookOf, aPushCall, deliver, RUN } from "./calls.ts";

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

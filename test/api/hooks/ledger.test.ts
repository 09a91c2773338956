import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { DeliveryBody, ReceiptBody, TriedBody } from "../../../src/api/delivery-schema.ts";
import type { RunListBody } from "../../../src/api/run-schema.ts";
import { DELIVERY_BODY_KEPT_BYTES } from "../../../src/core/limits.ts";
import { aPush, githubCall } from "../../support/signed.ts";
import { call } from "../jobs/call.ts";
import { aHookOf, aPushCall, deliver, ledgerOf, SECRET } from "./calls.ts";

const SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e";
const runsOf = async (job: string) =>
  (await call<RunListBody>("GET", `/v1/runs?job=${job}&limit=200`)).body.runs;

it("runs of a branch are found by its full ref, too", async () => {
  const { url } = await aHookOf("branched");
  const { body } = await deliver(url, await aPushCall("1"));
  for (const branch of ["main", "refs/heads/main"]) {
    const found = await call<RunListBody>("GET", `/v1/runs?job=branched&branch=${branch}`);
    expect(found.body.runs.map(({ id }) => id)).toEqual([body.run_id]);
  }
});

describe("the ledger", () => {
  it("shows a delivery with its headers but for the signature, and its body as it came", async () => {
    const { url } = await aHookOf("shown");
    const id = "a/b c?d";
    const sent = await aPushCall(id);
    const { body: receipt } = await deliver(url, sent);
    const path = `/v1/jobs/shown/hooks/github/deliveries/${encodeURIComponent(id)}`;
    const { body } = await call<DeliveryBody>("GET", path);
    expect(body).toMatchObject({
      id,
      source: "github",
      event: "push",
      verdict: "started",
      run_id: receipt.run_id,
      run: { status: "queued", reason: null },
      body: new TextDecoder().decode(sent.body),
      body_base64: null,
      body_complete: true,
      body_bytes: sent.body.byteLength,
      resend_of: null,
    });
    expect(body.headers).toMatchObject({ "x-github-event": "push", "x-github-delivery": id });
    expect(Object.keys(body.headers).join()).not.toContain("signature");
  });

  it("is searched by verdict, run and text, in pages, and outlasts its hook", async () => {
    const { url } = await aHookOf("searched", { branches: ["main"] });
    for (const [index, branch] of ["main", "topic-a", "topic-b", "main"].entries())
      await deliver(url, await aPushCall(String(index + 1), branch));
    const ids = async (query: string) =>
      (await ledgerOf("searched", query)).body.deliveries.map(({ id }) => id);
    expect(await ids("?verdict=filtered")).toEqual(["3", "2"]);
    expect(await ids("?text=TOPIC-A")).toEqual(["2"]);
    const [last] = await runsOf("searched");
    expect(await ids(`?run=${last?.id}`)).toEqual(["4"]);
    const first = await ledgerOf("searched", "?limit=3");
    expect(first.body.deliveries.map(({ id }) => id)).toEqual(["4", "3", "2"]);
    const cursor = encodeURIComponent(first.body.next_cursor ?? "");
    const rest = await ledgerOf("searched", `?limit=3&cursor=${cursor}`);
    expect([rest.body.deliveries.map(({ id }) => id), rest.body.next_cursor]).toEqual([["1"], null]);
    await call("DELETE", "/v1/jobs/searched");
    expect(await ids("")).toEqual(["4", "3", "2", "1"]);
    const again = await call("POST", "/v1/jobs/searched/hooks/github/deliveries/4/resend");
    expect([again.status, again.body.error.message]).toEqual([
      404,
      "there is no hook github of a job searched, which is deleted",
    ]);
  });

  it("resends one to the version in force, however long its body is, but for one of which not all is kept", async () => {
    const { url } = await aHookOf("resent", { events: ["release"] });
    await deliver(url, await aPushCall("1"));
    await aHookOf("resent");
    const path = "/v1/jobs/resent/hooks/github/deliveries";
    const resend = (id: string) => call<ReceiptBody>("POST", `${path}/${encodeURIComponent(id)}/resend`);
    const first = await resend("1");
    expect(first).toMatchObject({ status: 202, body: { delivery: "1+resend.1", verdict: "started" } });
    expect(first.body).toMatchObject({ duplicate: false, repeats: 0 });
    expect((await resend("1+resend.1")).body.delivery).toBe("1+resend.2");
    expect((await ledgerOf("resent")).body.deliveries).toMatchObject([
      { id: "1+resend.2", resend_of: "1", job_version: 2 },
      { id: "1+resend.1", resend_of: "1", job_version: 2 },
      { id: "1", resend_of: null, job_version: 1 },
    ]);
    const zen = "é".repeat(DELIVERY_BODY_KEPT_BYTES / 2);
    await deliver(url, await githubCall(SECRET, { id: "large", payload: aPush("main", { zen }) }));
    const { body } = await call<DeliveryBody>("GET", `${path}/large`);
    expect([body.body_complete, body.body?.includes(zen), body.verdict]).toEqual([true, true, "started"]);
    expect(await resend("large")).toMatchObject({ status: 202, body: { verdict: "started" } });
    const { objects } = await env.OUTPUT.list({ prefix: "deliveries/" });
    await env.OUTPUT.delete(objects.map(({ key }) => key));
    const { body: gone } = await call<DeliveryBody>("GET", `${path}/large`);
    expect([gone.body_complete, gone.body?.length]).toEqual([false, expect.any(Number)]);
    const cut = await resend("large");
    expect([cut.status, cut.body.error.path]).toEqual([422, "path.delivery"]);
    expect(cut.body.error.message).toContain("have its sender send it again");
  });
});

it("of resends with one key there is one, which names the first call's run, and a body with a field is refused", async () => {
  const { url } = await aHookOf("keyed");
  await deliver(url, await aPushCall("1"));
  const path = "/v1/jobs/keyed/hooks/github/deliveries/1/resend";
  const resend = (key: string, body?: unknown) =>
    call<ReceiptBody>("POST", path, body, { "idempotency-key": key });
  const answers = await Promise.all(Array.from({ length: 5 }, () => resend("k")));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 202]);
  expect(new Set(answers.map(({ body }) => body.run_id)).size).toBe(1);
  const again = await resend("k", {});
  expect(again).toMatchObject({ status: 200, body: { duplicate: true, run_id: answers[0]?.body.run_id } });
  expect((await resend("other")).body.run_id).not.toBe(again.body.run_id);
  expect(await runsOf("keyed")).toHaveLength(3);
  for (const [key, body, place] of [
    ["x", { run: "now" }, "run"],
    ["x", [], null],
    ["k".repeat(300), undefined, "header.idempotency-key"],
  ] as const) {
    const refused = await resend(key, body);
    expect([refused.status, refused.body.error.path]).toEqual([422, place]);
  }
});

describe("rules are tried on past deliveries", () => {
  it("of which one that could not be read tells what was wrong with it", async () => {
    const { url } = await aHookOf("tried-unread");
    const { headers, body } = await aPushCall("1");
    headers.delete("x-github-event");
    expect((await deliver(url, { headers, body })).status).toBe(400);
    const tried = await call<TriedBody>("POST", "/v1/jobs/tried-unread/hooks/github/try");
    expect(tried.body.deliveries).toMatchObject([
      {
        would: null,
        problem: "could not be read: the header X-GitHub-Event is missing: is the sender GitHub?",
      },
    ]);
  });

  it("as far as one call may take steps, and it says where it stopped", async () => {
    const { url } = await aHookOf("long-tried", { events: ["release"] });
    const payload = aPush("main", { a: "a".repeat(64_000), items: Array(220).fill(0) });
    for (let id = 1; id <= 8; id++) await deliver(url, await githubCall(SECRET, { id: String(id), payload }));
    // For each item four thousand steps.
    const counted = "payload.items.all(item, !payload.a.startsWith('b'))";
    const rules = { events: ["push"], if: counted, map: { env: { A: counted } } };
    const { body } = await call<TriedBody>("POST", "/v1/jobs/long-tried/hooks/github/try", rules);
    const told = body.deliveries.map(({ id, would, problem }) => [id, would?.verdict, problem?.slice(0, 13)]);
    const started = ["8", "7", "6", "5", "4"].map((id) => [id, "started", undefined]);
    const notTried = ["3", "2", "1"].map((id) => [id, undefined, "was not tried"]);
    expect(told).toEqual([...started, ...notTried]);
  });

  it("of which each is told what it would come to, and nothing is started", async () => {
    const { url } = await aHookOf("tried", { branches: ["main"] });
    await deliver(url, await aPushCall("1", "main"));
    await deliver(url, await aPushCall("2", "topic"));
    const path = "/v1/jobs/tried/hooks/github/try";
    const tried = async (rules?: object) => {
      const { body } = await call<TriedBody>("POST", path, rules);
      return body.deliveries.map(({ id, was, would }) => [id, was.verdict, would?.verdict, would?.why]);
    };
    const asItWas = [
      ["2", "filtered", "filtered", "branch"],
      ["1", "started", "started", null],
    ];
    expect(await tried()).toEqual(asItWas);
    await call("POST", "/v1/jobs/tried/pause");
    expect(await tried({})).toEqual(asItWas);
    expect(await tried({ branches: ["t*"], limit: 1 })).toEqual([["2", "filtered", "started", null]]);
    expect(await tried({ branches: ["**"], if: "change.branch != 'main'" })).toEqual([
      ["2", "filtered", "started", null],
      ["1", "started", "filtered", "if"],
    ]);
    const map = { env: { BRANCH: "change.branch" }, input: "{'sha': change.sha}" };
    const { body } = await call<TriedBody>("POST", path, { map });
    expect(body.deliveries[1]?.would).toMatchObject({ env: { BRANCH: "main" }, input: { sha: SHA } });
    expect(await runsOf("tried")).toHaveLength(1);
    expect((await ledgerOf("tried")).body.deliveries).toHaveLength(2);
  });

  it.each([
    [{ branches: [] }, "branches", "leave it out"],
    [{ if: "payload." }, "if", ""],
    [{ if: "1" }, "if", "true or false"],
    [{ map: { env: { A: "(" } } }, "map.env.A", ""],
    [{ limit: 51 }, "limit", "at most 50"],
    [{ limit: 0 }, "limit", "at least 1"],
    [{ secret: "S" }, "secret", "unknown field"],
  ])("but not %j", async (rules, path, says) => {
    await aHookOf("tried-wrongly");
    const answer = await call("POST", "/v1/jobs/tried-wrongly/hooks/github/try", rules);
    expect([answer.status, answer.body.error.path]).toEqual([422, path]);
    expect(answer.body.error.message).toContain(says);
  });
});

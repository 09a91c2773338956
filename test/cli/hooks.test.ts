import { afterEach, beforeEach, expect, test } from "vitest";
import { fakeIo } from "./support/fake-io.ts";
import { mayfly } from "./support/run-cli.ts";
import { cut, json, problem, RUN_ID, type StubMayfly, stubMayfly } from "./support/stub-mayfly.ts";

let stub: StubMayfly;
beforeEach(async () => {
  stub = await stubMayfly();
});
afterEach(() => stub.close());

const NOW = Date.parse("2026-11-21T10:05:00.000Z");
const ID = "72d3162e-cc78";
const URL_OF_HOOK = "https://mayfly.example.com/hooks/0123456789abcdefghjkmnpqrstv";
const LEDGER = "GET /v1/jobs/deploy/hooks/github/deliveries";
const aDelivery = (changes: object = {}) => ({
  id: ID,
  received_at: "2026-11-21T10:00:00.000Z",
  source: "github",
  event: "push",
  action: null,
  verdict: "started",
  why: null,
  detail: null,
  job_version: 3,
  run_id: RUN_ID,
  run: { status: "succeeded", reason: null },
  resend_of: null,
  without_secrets: false,
  repeats: 0,
  repeated_at: null,
  change: null,
  body_bytes: 2,
  body_sha256: "ab",
  body_of: null,
  ...changes,
});
const filtered = {
  verdict: "filtered",
  why: "skip_ci",
  detail: "the commit says [skip ci]",
  run_id: null,
  run: null,
};
const aHook = (changes: object = {}) => ({
  job: "deploy",
  name: "github",
  source: "github",
  url: URL_OF_HOOK,
  url_since: "2026-11-21T09:00:00.000Z",
  created_at: "2026-11-21T09:00:00.000Z",
  secrets: ["S"],
  problem: null,
  report: null,
  last_delivery: aDelivery(),
  ...changes,
});
const refused = (last_at: string, at_least = 3) => ({ at_least, since: "2026-11-20T08:00:00.000Z", last_at });
const hooks = (...args: string[]) => mayfly(["hooks", ...args], stub, fakeIo({ now: () => NOW }));
const sent = () => JSON.parse(stub.seen.find(({ method }) => method === "POST")?.body ?? "null");

test("list has all pages, with URLs that are never cut, and what keeps calls out", async () => {
  const others = [
    aHook({ name: "new", last_delivery: null }),
    aHook({ name: "unset", problem: "there is no secret S" }),
    aHook({ name: "wrong", last_delivery: null, refused_calls: refused("2026-11-21T09:00:00.000Z") }),
    aHook({ name: "burst", last_delivery: null, refused_calls: refused("2026-11-21T09:00:00.000Z", 1) }),
    aHook({ name: "silent", report: { problem: "there is no secret STATUS_TOKEN" } }),
    aHook({ name: "mended", refused_calls: refused("2026-11-20T09:00:00.000Z") }),
  ];
  stub.on(
    "GET /v1/hooks",
    json({ hooks: [aHook()], next_cursor: "deploy/github" }),
    json({ hooks: others, next_cursor: null }),
  );
  const io = fakeIo({ now: () => NOW, columns: 40, stdoutIsTty: true });
  const { exitCode, stdout } = await mayfly(["hooks", "list"], stub, io);
  expect(exitCode).toBe(0);
  expect(stdout.split("\n")).toEqual([
    expect.stringMatching(/^HOOK +SOURCE +LAST +URL$/),
    expect.stringMatching(`^deploy/github +github +started 5m ago +${URL_OF_HOOK}$`),
    expect.stringMatching(`^deploy/new +github +never +${URL_OF_HOOK}$`),
    expect.stringMatching(`^deploy/unset +github +its secret is not set +${URL_OF_HOOK}$`),
    expect.stringMatching(
      /^deploy\/wrong +github +never; 3 or more refused \(another secret\?\), last .+ ago +http/,
    ),
    expect.stringMatching(
      /^deploy\/burst +github +never; some refused \(another secret\?\), last .+ ago +http/,
    ),
    expect.stringMatching(/^deploy\/silent +github +started 5m ago; there is no secret STATUS_TOKEN +http/),
    expect.stringMatching(`^deploy/mended +github +started 5m ago +${URL_OF_HOOK}$`),
    "",
  ]);
});

test("deliveries goes on over pages that a filter leaves empty, and tells what became of each", async () => {
  const found = [
    aDelivery({ event: "pull_request", action: "opened", without_secrets: true }),
    aDelivery({ ...filtered, id: "other\u001b[2J" }),
  ];
  stub.on(LEDGER, json({ deliveries: [], next_cursor: "c" }), json({ deliveries: found, next_cursor: null }));
  const { stdout } = await hooks("deliveries", "deploy/github", "--text", "main", "--verdict", "started");
  const lines = stdout.split("\n");
  expect(lines[1]).toMatch(
    new RegExp(`pull_request.opened +started +${ID} +${RUN_ID} succeeded, without secrets$`),
  );
  expect(lines[2]).toMatch(/push +filtered: skip ci +other\\e\[2J +the commit says \[skip ci\]$/);
  expect(
    stub.seen.map(({ query }) => [query.get("text"), query.get("verdict"), query.get("cursor")]),
  ).toEqual([
    ["main", "started", null],
    ["main", "started", "c"],
  ]);
});

test("deliveries shows as many as are wanted, over pages, and that there are more", async () => {
  const page = (count: number, next_cursor: string | null) =>
    json({ deliveries: Array.from({ length: count }, (_, n) => aDelivery({ id: `${n}` })), next_cursor });
  stub.on(LEDGER, page(200, "c"), page(100, "d"));
  const many = await hooks("deliveries", "deploy/github", "--limit", "250", "--json");
  expect(JSON.parse(many.stdout)).toHaveLength(250);
  expect(stub.seen.map(({ query }) => [query.get("limit"), query.get("cursor")])).toEqual([
    ["200", null],
    ["200", "c"],
  ]);
  stub.on(LEDGER, page(3, null));
  const two = await hooks("deliveries", "deploy/github", "--limit", "2");
  expect(two.stdout.trimEnd().split("\n")).toHaveLength(3);
  expect(two.stderr).toBe("… and older ones: --limit shows more\n");
  expect((await hooks("deliveries", "deploy/github", "--limit", "0")).exitCode).toBe(2);
});

test("delivery shows one with its headers and body, or the body alone, byte by byte", async () => {
  const whole = { headers: { "x-github-event": "push" }, body: '{"a":"\\u001b\u009b"}', body_base64: null };
  const change = { repository: { full_name: "octocat/hello" }, ref: "refs/heads/main", sha: "c0ffee" };
  const path = `${LEDGER}/${encodeURIComponent("a/b")}`;
  const bytes = Buffer.from([0xff, 0, 10]);
  stub.on(
    path,
    json({ ...aDelivery({ change, repeats: 2, repeated_at: "later" }), ...whole, body_complete: true }),
    json({ ...aDelivery(), ...whole, body_complete: false }),
    json({
      ...aDelivery(),
      ...whole,
      body: null,
      body_base64: bytes.toString("base64"),
      body_complete: true,
    }),
  );
  const { stdout } = await hooks("delivery", "deploy/github", "a/b");
  for (const text of [
    "Run          ",
    "octocat/hello",
    "c0ffee",
    "2 times, last later",
    "x-github-event:  push",
  ])
    expect(stdout).toContain(text);
  expect(stdout).toContain('"a": "\\u001b\\x9b"');
  const cutShort = await hooks("delivery", "deploy/github", "a/b", "--body");
  expect([cutShort.stdout, cutShort.stderr]).toEqual([whole.body, expect.stringContaining("are kept")]);
  const raw = await hooks("delivery", "deploy/github", "a/b", "--body");
  expect(raw.stderr).toBe("");
  const part = aDelivery({ body_of: "a", repeats: 1, repeated_at: "later" });
  stub.on(path, json({ ...part, ...whole, body: "", body_complete: false }));
  const gone = await hooks("delivery", "deploy/github", "a/b");
  expect(gone.stdout).toContain("2 bytes, which were kept with the delivery a: that is gone");
  expect(gone.stdout).toContain("once, last later");
});

test("resend prints the run, fails where there is none, and is asked for again with the same key where the answer is lost", async () => {
  const path = `POST /v1/jobs/deploy/hooks/github/deliveries/${ID}/resend`;
  const receipt = { delivery: `${ID}+resend.1`, verdict: "started", why: null, detail: null, run_id: RUN_ID };
  stub.on(path, json(receipt, 202), json({ ...receipt, ...filtered }, 202), cut, json(receipt, 202));
  expect((await hooks("resend", "deploy/github", ID)).stdout).toBe(`${RUN_ID}\n`);
  const none = await hooks("resend", "deploy/github", ID);
  expect(none.exitCode).not.toBe(0);
  expect(none.stderr).toContain(
    `${ID}+resend.1 started no run: filtered: skip ci, the commit says [skip ci]`,
  );
  expect((await hooks("resend", "deploy/github", ID)).stdout).toBe(`${RUN_ID}\n`);
  const keys = stub.seen.map(({ headers }) => headers["idempotency-key"]);
  expect(keys).toHaveLength(4);
  expect([keys[2] === keys[3], new Set(keys).size]).toEqual([true, 3]);
});

test("try sends the rules that are given, and tells what each would be", async () => {
  const was = { verdict: "started", why: null };
  const would = {
    verdict: "filtered",
    why: "branch",
    detail: "branch main does not fit x",
    env: null,
    input: null,
  };
  const told = { id: ID, received_at: "2026-11-21T10:00:00.000Z", event: "push", was, problem: null };
  const cutShort = { ...told, would: null, problem: "has a body of 9 bytes" };
  stub.on("POST /v1/jobs/deploy/hooks/github/try", json({ deliveries: [{ ...told, would }, cutShort] }));
  const rules = [
    "--if",
    "true",
    "--branch",
    "x",
    "--branch",
    "!y",
    "--env",
    "A=change.sha == ''",
    "--limit",
    "5",
  ];
  const { stdout } = await hooks("try", "deploy/github", ...rules);
  expect(sent()).toEqual({
    if: "true",
    branches: ["x", "!y"],
    map: { env: { A: "change.sha == ''" } },
    limit: 5,
  });
  const lines = stdout.split("\n");
  expect(lines[1]).toMatch(/started +filtered: branch, branch main does not fit x$/);
  expect(lines[2]).toMatch(/started +not known: it has a body of 9 bytes$/);
  for (const wrong of [
    ["--limit", "many"],
    ["--limit", "51"],
    ["--env", "A\u001b[2J"],
  ])
    expect(await hooks("try", "deploy/github", ...wrong)).toMatchObject({
      exitCode: 2,
      stderr: expect.not.stringContaining("\u001b"),
    });
  stub.on("POST /v1/jobs/deploy/hooks/github/try", problem(422, "invalid_input", "can not be empty", "if"));
  const refused = await hooks("try", "deploy/github", "--if", "");
  expect([refused.exitCode, refused.stderr]).toEqual([2, "mayfly: if: can not be empty\n"]);
});

test("a hook that can not be is told before anybody is asked, as what was typed", async () => {
  for (const key of [
    "deploy",
    "deploy/",
    "../github",
    "deploy/..",
    "DEPLOY/github",
    "a/b/c",
    "deploy/git\u001b[2J",
  ]) {
    const { exitCode, stderr } = await hooks("rotate", key);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("a job and a hook of it, such as")]);
    expect(stderr).not.toContain("\u001b");
  }
  expect(stub.seen).toEqual([]);
});

const aReport = (changes: object = {}) => ({
  id: "msg_1",
  type: "status.success",
  state: "delivered",
  run_id: RUN_ID,
  tries: 1,
  created_at: "2026-11-21T10:00:00.000Z",
  next_at: null,
  ended_at: "2026-11-21T10:00:01.000Z",
  at: "2026-11-21T10:00:00.000Z",
  commit_status: {
    source: "github",
    api_url: null,
    token: "GITHUB_TOKEN",
    repository: { full_name: "acme/site", url: "https://github.com/acme/site.git" },
    sha: "0123456789abcdef0123456789abcdef01234567",
    ref: "main",
    context: "mayfly/deploy",
    state: "success",
    description: "Succeeded in 3s\u001b[2J",
    target_url: null,
    run_id: RUN_ID,
  },
  waiting: null,
  waits_for: null,
  last_attempt: null,
  ...changes,
});

test("reports says of what waits for what: one before it, a secret, or its time", async () => {
  const pending = { state: "pending", ended_at: null, next_at: "2026-11-21T10:05:00.000Z" };
  const waits = (what: string, secret: string | null = null) => ({ waiting: { for: what, secret } });
  const failed = {
    at: "2026-11-21T10:00:00.000Z",
    duration_ms: 9,
    status: 500,
    answer: "",
    error: "it answered 500",
  };
  const reports = [
    aReport({ id: "msg_3", ...pending, ...waits("report"), next_at: null }),
    aReport({ id: "msg_2", ...pending, ...waits("secret", "TOKEN") }),
    aReport({ id: "msg_1", ...pending, ...waits("time"), last_attempt: failed }),
  ];
  stub.on("GET /v1/jobs/deploy/hooks/github/reports", json({ reports, next_cursor: null }));
  const notes = (await hooks("reports", "deploy/github")).stdout.split("\n").slice(1, 4);
  expect(notes[0]).toMatch(/pending +waits for the one before it in its run$/);
  expect(notes[1]).toMatch(
    /waits for the secret TOKEN, which is not set; looked for again at 2026-11-21T10:05:00.000Z$/,
  );
  expect(notes[2]).toMatch(/it answered 500; next at 2026-11-21T10:05:00.000Z$/);
  const behind = {
    ...aReport({ ...pending, ...waits("report"), next_at: null }),
    waits_for: "msg_2",
    attempts: [],
  };
  stub.on("GET /v1/jobs/deploy/hooks/github/reports/msg_3", json(behind));
  expect((await hooks("report", "deploy/github", "msg_3")).stdout).toMatch(
    /waiting +waits for the one before it in its run, msg_2\n/,
  );
});

test("reports tells what was reported and what stands against it, and report each answer", async () => {
  const attempt = {
    at: "2026-11-21T10:00:00.000Z",
    duration_ms: 9,
    status: 401,
    answer: "no",
    error: "set it",
  };
  const reports = [aReport(), aReport({ id: "msg_0", state: "given_up", last_attempt: attempt })];
  stub.on("GET /v1/jobs/deploy/hooks/github/reports", json({ reports, next_cursor: null }));
  const { stdout } = await hooks("reports", "deploy/github", "--state", "given_up", "--run", RUN_ID);
  const lines = stdout.split("\n");
  expect(lines[1]).toMatch(/^msg_1 .* acme\/site@0123456789 +success +delivered +Succeeded in 3s\\e\[2J$/);
  expect(lines[2]).toMatch(/^msg_0 .* +success +given up +set it$/);
  expect(stub.seen[0]?.query.get("run")).toBe(RUN_ID);
  stub.on("GET /v1/jobs/deploy/hooks/github/reports/msg_1", json({ ...aReport(), attempts: [attempt] }));
  const shown = await hooks("report", "deploy/github", "msg_1");
  expect(shown.stdout).toMatch(/context +mayfly\/deploy\n/);
  expect(shown.stdout).toMatch(/401 +9 ms +set it +no\n/);
  stub.on("POST /v1/jobs/deploy/hooks/github/reports/msg_1/resend", json(aReport({ attempts: [] }), 202));
  expect((await hooks("resend-report", "deploy/github", "msg_1")).stdout).toBe("msg_1 is on its way\n");
});

test("rotate prints the new URL", async () => {
  stub.on("POST /v1/jobs/deploy/hooks/github/rotate", json(aHook()));
  const { stdout, stderr } = await hooks("rotate", "deploy/github");
  expect(stdout).toBe(`${URL_OF_HOOK}\n`);
  expect(stderr).toContain("the URL before is unknown from now on");
});

test("a hook is named with its job, and one that is not there has a hint", async () => {
  expect((await hooks("rotate", "deploy")).stderr).toContain("deploy/github");
  stub.on(
    "POST /v1/jobs/deploy/hooks/gitlab/rotate",
    problem(404, "not_found", "there is no hook gitlab of a job deploy", "path.name"),
  );
  const { exitCode, stderr } = await hooks("rotate", "deploy/gitlab");
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain("there is no hook gitlab of a job deploy");
  expect(stderr).toContain("hooks list");
});

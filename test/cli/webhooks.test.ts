import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fakeIo } from "./support/fake-io.ts";
import { mayfly } from "./support/run-cli.ts";
import { json, problem, type StubMayfly, stubMayfly } from "./support/stub-mayfly.ts";

let stub: StubMayfly;
beforeEach(async () => {
  stub = await stubMayfly();
});
afterEach(() => stub.close());

const AT = "2026-11-21T10:00:00.000Z";
const aWebhook = (changes: object = {}) => ({
  id: "wh_1",
  kind: "standard",
  url: "https://example.com/hear",
  events: ["run.failed"],
  jobs: null,
  tags: null,
  description: null,
  email: null,
  created_at: AT,
  updated_at: AT,
  failing_since: null,
  disabled_at: null,
  disabled_why: null,
  old_secret_until: null,
  notes: [],
  ...changes,
});
const anAttempt = (changes: object = {}) => ({
  at: AT,
  duration_ms: 12,
  status: 200,
  answer: "ok",
  error: null,
  ...changes,
});
const aNotification = (changes: object = {}) => ({
  id: "msg_1",
  type: "run.failed",
  state: "delivered",
  run_id: "run_1",
  tries: 1,
  created_at: AT,
  next_at: null,
  ended_at: AT,
  waits_for: null,
  payload: { type: "run.failed", data: {} },
  attempts: [anAttempt()],
  last_attempt: anAttempt(),
  ...changes,
});
const sent = () => JSON.parse(stub.seen.at(-1)?.body ?? "null");
const webhooks = (...args: string[]) => mayfly(["webhooks", ...args], stub, fakeIo());

describe("webhooks create", () => {
  test("sends what it was told, and prints id and secret", async () => {
    stub.on("POST /v1/webhooks", json({ ...aWebhook(), secret: "whsec_x" }, 201));
    const options = [
      "--event",
      "run.failed,job.silent",
      "--event",
      "run.queued",
      "--job",
      "deploy-*",
      "--tag",
      "a=b=c",
      "--tag",
      "d=",
    ];
    const { exitCode, stdout } = await webhooks("create", "https://example.com/hear", ...options);
    expect([exitCode, stdout]).toEqual([0, "wh_1\nwhsec_x\n"]);
    expect(sent()).toEqual({
      url: "https://example.com/hear",
      events: ["run.failed", "job.silent", "run.queued"],
      jobs: ["deploy-*"],
      tags: { a: "b=c", d: "" },
    });
  });

  test("of an e-mail sends who sends it to whom", async () => {
    stub.on("POST /v1/webhooks", json({ ...aWebhook({ kind: "email" }), secret: null }, 201));
    const options = [
      "--provider",
      "resend",
      "--from",
      "a@x.example",
      "--to",
      "b@x.example,c@x.example",
      "--key",
      "MAIL",
    ];
    const { stdout } = await webhooks("create", "--kind", "email", "--event", "run.failed", ...options);
    expect(stdout).toBe("wh_1\n");
    expect(sent()).toEqual({
      kind: "email",
      events: ["run.failed"],
      email: { provider: "resend", from: "a@x.example", to: ["b@x.example", "c@x.example"], secret: "MAIL" },
    });
  });

  test.each([
    [["https://x.example/"], "--event is missing"],
    [["https://x.example/", "--event", "run.failed", "--tag", "a"], "--tag a: it must be key=value"],
    [["https://x.example/", "--event", "run.failed", "--key", "A"], "are for --kind email"],
    [["--kind", "email", "--event", "run.failed"], "--kind email needs --provider"],
    [["https://x.example/", "--event", "run.failed", "--kind", "pigeon"], "Allowed choices"],
  ])("%j is a misuse", async (args, says) => {
    const { exitCode, stderr } = await webhooks("create", ...args);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(says)]);
    expect(stub.seen).toEqual([]);
  });

  test("says what is not accepted, with its path", async () => {
    stub.on("POST /v1/webhooks", problem(422, "invalid_input", "can not lead to localhost", "url"));
    const { exitCode, stderr } = await webhooks("create", "https://localhost/", "--event", "run.failed");
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("url: can not lead to localhost")]);
    const others = [{ path: "jobs.0", message: "must be the name of a job\u001b[2J" }];
    const error = { code: "invalid_input", message: "must be https", path: "url", request_id: "r", others };
    stub.on("POST /v1/webhooks", json({ error }, 422));
    const both = await webhooks("create", "http://x.example/", "--event", "run.failed");
    expect(both.stderr).toContain("url: must be https\n        jobs.0: must be the name of a job\\e[2J\n");
  });
});

test.each([
  ["POST /v1/webhooks", ["create", "https://example.com/hear", "--event", "run.failed"], 201],
  ["PATCH /v1/webhooks/wh_1", ["edit", "wh_1"], 200],
] as const)(
  "webhooks: what may not be meant is noted by %s, beside what is asked for",
  async (path, args, status) => {
    const notes = [{ path: "jobs.0", message: "there is no job typo-*\u202e yet" }];
    stub.on(path, json({ ...aWebhook({ notes }), secret: null }, status));
    const { exitCode, stdout, stderr } = await webhooks(...args, "--job", "typo-*");
    expect([exitCode, stderr]).toEqual([0, "mayfly: note: jobs.0: there is no job typo-*\\u202e yet\n"]);
    expect(stdout).not.toContain("typo");
  },
);

describe("webhooks edit", () => {
  beforeEach(() => stub.on("PATCH /v1/webhooks/wh_1", json(aWebhook())));

  test.each<[string[], object]>([
    [["https://example.com/new"], { url: "https://example.com/new" }],
    [
      [
        "--event",
        "run.failed,job.silent",
        "--job",
        "a,b-*",
        "--tag",
        "a=b",
        "--tag",
        "c=d",
        "--description",
        "x",
      ],
      {
        events: ["run.failed", "job.silent"],
        jobs: ["a", "b-*"],
        tags: { a: "b", c: "d" },
        description: "x",
      },
    ],
    [["--no-job", "--no-tag", "--no-description"], { jobs: null, tags: null, description: null }],
    [["--no-job", "--job", "a", "--no-tag", "--tag", "a=b"], { jobs: ["a"], tags: { a: "b" } }],
  ])("%j changes that alone", async (args, change) => {
    expect(await webhooks("edit", "wh_1", ...args)).toMatchObject({
      exitCode: 0,
      stdout: "wh_1 is changed\n",
    });
    expect(sent()).toEqual(change);
  });

  test("a part of what e-mails are sent with leaves the rest as it is", async () => {
    const email = { provider: "resend", from: "a@x.example", to: ["b@x.example"], secret: "MAIL" };
    stub.on("GET /v1/webhooks/wh_1", json(aWebhook({ kind: "email", email })));
    await webhooks("edit", "wh_1", "--from", "CI <ci@x.example>");
    expect(sent()).toEqual({ email: { ...email, from: "CI <ci@x.example>" } });
    stub.on("GET /v1/webhooks/wh_1", json(aWebhook()));
    const { exitCode, stderr } = await webhooks("edit", "wh_1", "--key", "A");
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("wh_1 is of kind standard")]);
  });

  test("nothing to change is a misuse", async () => {
    const { exitCode, stderr } = await webhooks("edit", "wh_1");
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("nothing to change is given")]);
    expect(stub.seen).toEqual([]);
  });
});

test("webhooks list tells how each fares", async () => {
  stub.on(
    "GET /v1/webhooks",
    json({
      webhooks: [aWebhook(), aWebhook({ id: "wh_2", disabled_at: AT, disabled_why: "it answered 410" })],
    }),
  );
  const { stdout } = await webhooks("list");
  expect(stdout).toMatch(/wh_1 +standard +https:\/\/example.com\/hear +run.failed +in force/);
  expect(stdout).toMatch(/wh_2 .* disabled: it answered 410/);
});

test("webhooks test tells how it went, and ends with 1 where it was not taken", async () => {
  stub.on("POST /v1/webhooks/wh_1/test", json(aNotification()));
  expect(await webhooks("test", "wh_1")).toMatchObject({
    exitCode: 0,
    stdout: "answered 200 in 12 ms: ok\n",
  });
  const attempts = [anAttempt({ status: 500, error: "it answered 500", answer: "\u001b[31mno" })];
  stub.on("POST /v1/webhooks/wh_1/test", json(aNotification({ state: "given_up", attempts })));
  const { exitCode, stderr } = await webhooks("test", "wh_1");
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringContaining("it was not taken: it answered 500 in 12 ms"),
  ]);
  expect(stderr).not.toContain("\u001b");
});

test("webhooks notifications shows pages of the ledger, and one of it, and sends one again", async () => {
  const path = "/v1/webhooks/wh_1/notifications";
  stub.on(`GET ${path}`, json({ notifications: [aNotification()], next_cursor: null }));
  const { stdout } = await webhooks("notifications", "wh_1", "--state", "delivered", "--run", "run_1");
  expect(stdout).toMatch(/msg_1 .* run.failed +run_1 +delivered/);
  expect(Object.fromEntries(stub.seen.at(-1)?.query ?? [])).toEqual({
    state: "delivered",
    run: "run_1",
    limit: "50",
  });
  stub.on(`GET ${path}/msg_1`, json(aNotification()));
  expect((await webhooks("notification", "wh_1", "msg_1")).stdout).toContain("run.failed delivered\n");
  stub.on(`POST ${path}/msg_1/resend`, json(aNotification({ state: "pending" }), 202));
  expect((await webhooks("resend", "wh_1", "msg_1")).stdout).toBe("msg_1 is on its way\n");
  stub.on(`POST ${path}/msg_1/resend`, json(aNotification({ state: "pending", waits_for: "msg_0" }), 202));
  expect((await webhooks("resend", "wh_1", "msg_1")).stdout).toBe(
    "msg_1 waits for msg_0, which is before it in its run and on its way\n",
  );
});

test("webhooks rotate, disable, enable and delete say what is so now", async () => {
  stub.on(
    "POST /v1/webhooks/wh_1/rotate",
    json({ ...aWebhook({ old_secret_until: AT }), secret: "whsec_y" }),
  );
  stub.on("POST /v1/webhooks/wh_1/disable", json(aWebhook()));
  stub.on("POST /v1/webhooks/wh_1/enable", json(aWebhook()));
  stub.on("DELETE /v1/webhooks/wh_1", json(null, 204));
  expect((await webhooks("rotate", "wh_1")).stdout).toBe("whsec_y\n");
  expect((await webhooks("disable", "wh_1")).stdout).toBe("wh_1 is out of force\n");
  expect((await webhooks("enable", "wh_1")).stdout).toBe("wh_1 is in force\n");
  expect((await webhooks("delete", "wh_1")).stdout).toBe("wh_1 is deleted\n");
});

test("a webhook that is not there is said so, and how to find those that are", async () => {
  stub.on("GET /v1/webhooks/wh_9", problem(404, "not_found", "there is no webhook wh_9", "path.id"));
  const { exitCode, stderr } = await webhooks("show", "wh_9");
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("there is no webhook wh_9")]);
  expect(stderr).toContain("webhooks list");
  const none = problem(404, "not_found", "the webhook wh_1 has no notification msg_9", "path.notification");
  stub.on("GET /v1/webhooks/wh_1/notifications/msg_9", none);
  stub.on("POST /v1/webhooks/wh_1/notifications/msg_9/resend", none);
  for (const verb of ["notification", "resend"])
    expect((await webhooks(verb, "wh_1", "msg_9")).stderr).toMatch(/webhooks notifications wh_1` shows them/);
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fakeIo } from "./support/fake-io.ts";
import { mayfly } from "./support/run-cli.ts";
import {
  anEndedRun,
  aRun,
  cut,
  endEvent,
  events,
  json,
  outputEvent,
  problem,
  RUN_ID,
  type StubMayfly,
  stubMayfly,
} from "./support/stub-mayfly.ts";

let stub: StubMayfly;
beforeEach(async () => {
  stub = await stubMayfly();
});
afterEach(() => stub.close());

const AT = "2026-11-21T10:00:00.000Z";
const NOW = Date.parse("2026-11-21T10:05:00.000Z");
const aJob = (changes: object = {}) => ({
  name: "deploy",
  version: 3,
  description: null,
  labels: {},
  paused_at: null,
  created_at: AT,
  updated_at: AT,
  run: { image: "debian:12", command: ["true"] },
  input_schema: null,
  schedules: [],
  on: [{ job: "build" }],
  expect_every: null,
  followed_by: [],
  last_alert: null,
  ...changes,
});
const sent = () => JSON.parse(stub.seen.find(({ method }) => method === "POST")?.body ?? "null");
const jobs = (...args: string[]) => mayfly(["jobs", ...args], stub, fakeIo({ now: () => NOW }));

describe("jobs run", () => {
  const job = { name: "deploy", version: 3 };
  beforeEach(() => {
    const ended = anEndedRun({ job, status: "failed", reason: "exit_code", exit_code: 7 });
    stub.on("POST /v1/jobs/deploy/runs", json(aRun({ job }), 202));
    stub.on(`GET /v1/runs/${RUN_ID}/output`, events(outputEvent(1, "stdout", "hi\n"), endEvent(ended)));
    stub.on(`GET /v1/runs/${RUN_ID}`, json(ended));
  });

  test("shows the output and ends as the command did", async () => {
    const { exitCode, stdout } = await jobs("run", "deploy", "--input", '{"env": "prod"}');
    expect([exitCode, stdout]).toEqual([7, "hi\n"]);
    expect(sent()).toMatchObject({ input: { env: "prod" } });
  });

  test("says that the job is paused, and runs it all the same", async () => {
    const headers = { "mayfly-job-paused": AT };
    stub.on("POST /v1/jobs/deploy/runs", json(aRun({ job }), 202, headers));
    const { exitCode, stderr } = await jobs("run", "deploy");
    expect(exitCode).toBe(7);
    expect(stderr).toContain(`deploy is paused since ${AT}; it runs all the same`);
    const detached = await jobs("run", "deploy", "--detach");
    expect([detached.stdout, detached.stderr]).toEqual([
      `${RUN_ID}\n`,
      expect.stringContaining("is paused since"),
    ]);
  });

  test("asks again under the same key where the answer is lost", async () => {
    stub.on("POST /v1/jobs/deploy/runs", cut, json(aRun({ job }), 202));
    expect((await jobs("run", "deploy", "--detach")).stdout).toBe(`${RUN_ID}\n`);
    const keys = stub.seen.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  test("sends what its options change, and no input unless one is given", async () => {
    await jobs("run", "deploy", "--detach", "--size", "performance-2x", "--env", "A=1", "--", "make", "test");
    expect(sent()).toEqual({
      overrides: {
        command: ["make", "test"],
        env: { A: "1" },
        machine: { size: "performance-2x" },
        timeouts: {},
        tags: {},
      },
    });
  });

  test("reads an input from a file or stdin", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mayfly-input-"));
    try {
      writeFileSync(join(folder, "in.json"), '{"from": "file"}');
      await mayfly(
        ["jobs", "run", "deploy", "--detach", "--input", "@in.json"],
        stub,
        fakeIo({ cwd: folder }),
      );
      expect(sent().input).toEqual({ from: "file" });
      stub.seen.length = 0;
      await mayfly(["jobs", "run", "deploy", "--detach", "--input", "@-"], stub, fakeIo({ stdin: "[1]" }));
      expect(sent().input).toEqual([1]);
      const none = await mayfly(["jobs", "run", "deploy", "--input", "@no"], stub, fakeIo({ cwd: folder }));
      expect([none.exitCode, none.stderr]).toEqual([2, expect.stringContaining("there is no such file")]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    [["--input", "{env: prod}"], "--input: it is no JSON"],
    [["--script", "x.sh", "--", "true"], "either a command or --script"],
  ])("%j is refused before anybody is asked", async (args, says) => {
    const { exitCode, stderr } = await jobs("run", "deploy", ...args);
    expect([exitCode, stderr, stub.seen]).toEqual([2, expect.stringContaining(says), []]);
  });

  test.each([
    ["input.env", 422, "is missing", 2, "--input at env: is missing"],
    ["overrides.machine.cpus", 422, "must be 1", 2, "--cpus: must be 1"],
    ["path.name", 404, "there is no job deploy", 125, "mayfly jobs list"],
  ])("says of %s what is wrong", async (path, status, message, code, says) => {
    stub.on(
      "POST /v1/jobs/deploy/runs",
      problem(status, status === 404 ? "not_found" : "invalid_input", message, path),
    );
    const { exitCode, stderr } = await jobs("run", "deploy");
    expect([exitCode, stderr]).toEqual([code, expect.stringContaining(says)]);
  });
});

test("jobs list goes over all pages and prints no cell that can act", async () => {
  const push = { name: "github", source: "github", events: null };
  const byHand = { starts_after: [], hooks: [] };
  stub.on(
    "GET /v1/jobs",
    json({
      jobs: [{ ...aJob({ paused_at: AT }), starts_after: ["build"], hooks: [push] }],
      next_cursor: "deploy",
    }),
    json({
      jobs: [{ ...aJob({ name: "report", description: "\u001b[31mred" }), ...byHand }],
      next_cursor: null,
    }),
  );
  const { stdout } = await jobs("list");
  expect(stdout.split("\n").slice(0, 3)).toEqual([
    "NAME    VERSION  CHANGED  STATE   STARTS                DESCRIPTION",
    "deploy  3        5m ago   paused  after build; on push",
    expect.stringMatching(/^report {2}3 {8}5m ago {33}\S*\[31mred$/),
  ]);
  expect(stdout).not.toContain("\u001b");
  expect(stub.seen.map(({ query }) => query.get("cursor"))).toEqual([null, "deploy"]);
});

test("jobs show prints what was put, or one of its versions", async () => {
  const followed = { followed_by: [{ job: "tell", outcomes: ["succeeded", "failed"] }] };
  const shown = { labels: { team: "data" }, input_schema: { type: "object" }, ...followed };
  stub.on("GET /v1/jobs/deploy", json(aJob(shown)));
  const { stdout } = await jobs("show", "deploy");
  for (const part of [
    "Version       3",
    "build succeeded",
    "Followed by   tell (succeeded, failed)",
    "team=data",
    '"image": "debian:12"',
    "Input schema",
  ])
    expect(stdout).toContain(part);
  stub.on(
    "GET /v1/jobs/deploy/versions/2",
    json({ ...aJob(), version: 2, change: "put", rolled_back_to: null }),
  );
  expect((await jobs("show", "deploy", "--of-version", "2")).stdout).toContain("Version       2");
});

test("jobs versions, diff and rollback tell of versions", async () => {
  const versions = [
    { version: 2, change: "rollback", rolled_back_to: 1, created_at: AT },
    { version: 1, change: "put", rolled_back_to: null, created_at: AT },
  ];
  stub.on("GET /v1/jobs/deploy/versions", json({ versions, next_cursor: null }));
  expect((await jobs("versions", "deploy")).stdout).toContain(`2        ${AT}  rollback to 1`);
  const changes = [
    { path: "run.env.A", from: "1", to: "2" },
    { path: "run.name", to: "x" },
  ];
  stub.on("GET /v1/jobs/deploy/diff", json({ from: 1, to: 2, changes, is_whole: true }));
  const diff = await jobs("diff", "deploy", "--from", "1");
  expect(diff.stdout).toBe('- run.env.A: "1"\n+ run.env.A: "2"\n+ run.name: "x"\n');
  expect(stub.seen.at(-1)?.query.toString()).toBe("from=1");
  stub.on("POST /v1/jobs/deploy/rollback", json({ ...aJob(), outcome: "changed" }));
  expect((await jobs("rollback", "deploy", "1")).stdout).toBe(
    "deploy has version 3 in force, the same as version 1\n",
  );
  expect(sent()).toEqual({ version: 1 });
  stub.on(
    "POST /v1/jobs/deploy/rollback",
    problem(404, "not_found", "there is no version 9 of a job deploy", "version"),
  );
  const none = await jobs("rollback", "deploy", "9");
  expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining("there is no version 9")]);
});

test("jobs pause, resume and delete say what they did", async () => {
  stub.on("POST /v1/jobs/deploy/pause", json(aJob({ paused_at: AT })));
  stub.on("POST /v1/jobs/deploy/resume", json(aJob()));
  stub.on("DELETE /v1/jobs/deploy", json(null, 200));
  expect((await jobs("pause", "deploy")).stdout).toBe("deploy is paused\n");
  expect((await jobs("resume", "deploy")).stdout).toBe("deploy is not paused\n");
  expect((await jobs("delete", "deploy")).stdout).toBe("deploy is deleted\n");
  stub.on("DELETE /v1/jobs/deploy", problem(404, "not_found", "there is no job deploy", "path.name"));
  const { exitCode, stderr } = await jobs("delete", "deploy");
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("jobs list` shows them")]);
});

test("jobs alerts lists what was late and silent, of one job and type where it is asked", async () => {
  const late = {
    seq: 2,
    type: "schedule_late",
    job: "nightly",
    schedule: "at-two",
    hook: null,
    webhook: null,
    due_at: "2026-11-21T02:00:00.000Z",
    at: "2026-11-21T02:06:00.000Z",
    run_id: null,
    detail: "it was missed",
  };
  const silent = { ...late, seq: 1, type: "job_silent", job: "deploy", schedule: null };
  const failing = { ...silent, seq: 0, type: "report_failing", hook: "github" };
  stub.on(
    "GET /v1/alerts",
    json({ alerts: [late, silent, failing], next_cursor: null }),
    json({ alerts: [], next_cursor: null }),
  );
  const { stdout } = await jobs("alerts");
  expect(stdout).toContain("schedule late");
  expect(stdout).toContain("nightly/at-two");
  expect(stdout).toMatch(/job silent +deploy /);
  expect(stdout).toMatch(/report failing +deploy\/github /);
  const { stderr } = await jobs("alerts", "--job", "nightly", "--type", "job_silent");
  expect(stderr).toBe("no alerts\n");
  expect((await jobs("alerts", "--type", "other")).stderr).toContain("schedule_late, job_silent");
});

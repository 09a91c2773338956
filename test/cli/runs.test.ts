import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StepStateBody } from "../../src/api/run-schema.ts";
import { type ListOptions, listCommand } from "../../src/cli/commands/runs/list.ts";
import { changeJson } from "../../src/core/hook/change.ts";
import { aChange } from "../support/a-run.ts";
import { fakeIo, Kept } from "./support/fake-io.ts";
import { mayfly } from "./support/run-cli.ts";
import {
  anAttempt,
  anEndedRun,
  aRun,
  brokenEvents,
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

const aPull = {
  ...{ number: 7, action: "opened", has_new_commits: true, title: "Mend the gate" },
  ...{ head_ref: "fix-gate", base_ref: "main", is_fork: false, head_repository: null },
};

const NOW = Date.parse("2026-11-21T10:05:00.000Z");
const at = () => fakeIo({ now: () => NOW });

describe("runs list", () => {
  test.each<[string[], Partial<ListOptions>]>([
    [[], { limit: 20 }],
    [["--status", "failed", "--status", "running,queued"], { status: ["failed", "running", "queued"] }],
    [
      ["--tag", "team=data", "--since", "2h", "--until", "2026-11-21T10:00:00Z"],
      { tag: "team=data", since: "2h", until: "2026-11-21T10:00:00Z" },
    ],
    [["--commit", "72D3162ECC", "--branch", "main"], { commit: "72D3162ECC", branch: "main" }],
    [["--limit", "5", "--all", "--json"], { limit: 5, all: true, json: true }],
  ])("%j becomes options", async (args, expected) => {
    let options: ListOptions | null = null;
    await listCommand(async (given) => {
      options = given;
    }).parseAsync(args, { from: "user" });
    expect(options).toMatchObject(expected);
  });

  test("asks in the API's words and prints a table in which no cell can act", async () => {
    const runs = [
      anEndedRun({
        name: "a\u001b[31mb",
        status: "failed",
        reason: "exit_code",
        exit_code: 7,
        command: ["sh", "-c", "echo 'x'\n"],
      }),
      aRun({ status: "running" }),
    ];
    stub.on("GET /v1/runs", json({ runs, next_cursor: null }));
    const { stdout, exitCode } = await mayfly(
      ["runs", "list", "--status", "failed,running", "--tag", "team=data", "--since", "5m"],
      stub,
      at(),
    );
    expect(exitCode).toBe(0);
    expect(Object.fromEntries(stub.seen[0]?.query ?? [])).toEqual({
      status: "failed,running",
      tag: "team:data",
      since: "2026-11-21T10:00:00.000Z",
      limit: "20",
    });
    expect(stdout).toBe(
      [
        "ID                              STATUS   REASON  AGE  DURATION  NAME      IMAGE      COMMAND",
        `${RUN_ID}  failed   exit 7  5m   1.50 s    a\\e[31mb  debian:12  sh -c 'echo '\\''x'\\''\\n'`,
        `${RUN_ID}  running          5m   5m 00s              debian:12  echo hi`,
        "",
      ].join("\n"),
    );
  });

  test("says of runs that build something what, also of those that follow one, and asks for them", async () => {
    const change = changeJson(aChange({ sha: "72d3162ecc".padEnd(40, "0") }));
    const pull = { ...change, branch: null, pull_request: { ...aPull, number: 7, head_ref: "\u001bfix" } };
    const of = { hook: "github", id: "1", event: "push", without_secrets: false, other_repository: false };
    const delivery = (built: typeof change) => ({ ...of, change: built, report: null });
    const upstream = { run_id: RUN_ID, job: "build", outcome: "succeeded" as const, reason: null };
    const runs = [
      aRun({ name: "a", delivery: delivery(change) }),
      aRun({ name: "b", delivery: delivery(pull) }),
      aRun({
        name: "c",
        upstream: {
          ...upstream,
          exit_code: 0,
          without_secrets: false,
          change: { ...change, branch: null, tag: "v1" },
        },
      }),
      aRun({ name: "d", delivery: delivery({ ...change, branch: "x".repeat(90) }) }),
      aRun({ name: "e" }),
    ];
    stub.on("GET /v1/runs", json({ runs, next_cursor: null }));
    const { stdout } = await mayfly(["runs", "list", "--commit", "72d3162", "--branch", "main"], stub, at());
    expect(Object.fromEntries(stub.seen[0]?.query ?? [])).toMatchObject({
      commit: "72d3162",
      branch: "main",
    });
    const [head = "", ...lines] = stdout.trimEnd().split("\n");
    const from = head.indexOf("CHANGE");
    expect(lines.map((line) => line.slice(from, head.indexOf("IMAGE")).trim())).toEqual([
      "main 72d3162ecc",
      "#7 \\e" + "fix 72d3162ecc",
      "tag v1 72d3162ecc",
      `${"x".repeat(39)}… 72d3162ecc`,
      "",
    ]);
    expect((await mayfly(["runs", "list", "--commit", "72d31"], stub, at())).stderr).toContain(
      "7 to 40 hexadecimal",
    );
    for (const wrong of [
      ["--branch", ""],
      ["--branch", "b".repeat(2000)],
      ["--commit", "a".repeat(42)],
    ])
      expect(await mayfly(["runs", "list", ...wrong], stub, at())).toMatchObject({ exitCode: 2 });
    const sha256 = "a".repeat(64);
    expect((await mayfly(["runs", "list", "--commit", sha256], stub, at())).exitCode).toBe(0);
  });

  test("a program that is there and can not be executed is not called missing", async () => {
    const ended = (exit_code: number) =>
      anEndedRun({ status: "failed", reason: "command_not_found", exit_code });
    stub.on("GET /v1/runs", json({ runs: [ended(126), ended(127)], next_cursor: null }));
    const { stdout } = await mayfly(["runs", "list"], stub, at());
    const [, first, second] = stdout.split("\n");
    expect(first).toContain("failed  could not be executed ");
    expect(second).toContain("failed  command not found ");
  });

  test("--all reads page after page", async () => {
    stub.on(
      "GET /v1/runs",
      json({ runs: [aRun({ name: "1" })], next_cursor: "c1" }),
      json({ runs: [aRun({ name: "2" })], next_cursor: null }),
    );
    const { stdout } = await mayfly(["runs", "list", "--all", "--json"], stub);
    expect(JSON.parse(stdout).map((run: { name: string }) => run.name)).toEqual(["1", "2"]);
    expect(stub.seen.map(({ query }) => [query.get("cursor"), query.get("limit")])).toEqual([
      [null, "200"],
      ["c1", "200"],
    ]);
  });

  test("in a pipe each run is one line with its whole command, whatever is in it", async () => {
    const hostile =
      "a\r\nb\u000bc\u000cd\u0085e\u2028f\u2029g\u001b[2Jh\u0000i\u007fj\u009b31mk\u202el\u200fm\u061cn\t";
    const whole = `while :; do\n  ${"step; ".repeat(2_000)}\ndone`;
    const runs = [
      aRun({ command: ["sh", "-c", whole], name: hostile, image: hostile }),
      aRun({ command: [hostile] }),
      aRun({ command: null, script: whole }),
    ];
    stub.on("GET /v1/runs", json({ runs, next_cursor: null }));
    const { stdout } = await mayfly(["runs", "list"], stub, fakeIo({ columns: 80 }));
    const lines = stdout.split(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/);
    expect(lines.length, "a header, three runs, nothing after the last").toBe(5);
    expect(lines[1]).toContain(whole.replaceAll("\n", "\\n"));
    expect(lines[2]).toMatch(
      /'a\\r\\nb\\x0bc\\x0cd\\x85e\\u2028f\\u2029g\\e\[2Jh\\x00i\\x7fj\\x9b31mk\\u202el\\u200fm\\u061cn\\t'$/,
    );
    expect(stdout).not.toMatch(
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/,
    );
  });

  test("the last column is cut at the terminal's width", async () => {
    stub.on("GET /v1/runs", json({ runs: [aRun({ command: ["x".repeat(500)] })], next_cursor: null }));
    const { stdout } = await mayfly(["runs", "list"], stub, fakeIo({ stdoutIsTty: true, columns: 80 }));
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBe(80);
  });
});

describe("runs show", () => {
  test("tells in plain words how it ended and when each phase began, counted from acceptance", async () => {
    const attempt = anAttempt({
      first_output_at: "2026-11-21T10:00:00.300Z",
      exited_at: "2026-11-21T10:00:01.400Z",
      settled_at: "2026-11-21T10:00:01.500Z",
    });
    stub.on(
      `GET /v1/runs/${RUN_ID}`,
      json(
        anEndedRun({
          status: "failed",
          reason: "exit_code",
          exit_code: 7,
          name: "nightly",
          attempts: [attempt],
        }),
      ),
    );
    stub.on(
      `GET /v1/runs/${RUN_ID}/events`,
      json({
        events: [{ seq: 1, at: "2026-11-21T10:00:00.000Z", type: "accepted", attempt: null, data: {} }],
        next_after: null,
      }),
    );
    const { stdout } = await mayfly(["runs", "show", RUN_ID, "--events"], stub, at());
    expect(stdout).toContain(`${RUN_ID} failed with exit code 7 after 1.50 s\n`);
    expect(stdout).toMatch(/Machine {3}shared-cpu-1x, 256 MB/);
    expect(stdout).toContain(
      "Attempt 1, machine 82e6751f9773c7, app mayfly-runs, region ams (times from acceptance)\n",
    );
    expect(stdout).toMatch(
      /machine asked for +\+0 ms\n +machine created +\+100 ms\n +started +\+250 ms\n +first output +\+300 ms\n +exited +\+1.40 s\n +settled +\+1.50 s\n/,
    );
    expect(stdout).toMatch(/1 +2026-11-21T10:00:00.000Z +accepted/);
  });

  test("of several attempts each one's end and machine are told, and what comes next", async () => {
    const fourMinutes = "2026-11-21T10:09:00.000Z";
    const machine = { cpu_kind: "shared", cpus: 1, memory_mb: 512 };
    const next = { number: 3, at: fourMinutes, machine, asked_region: "fra" };
    const failed = { settled_at: "2026-11-21T10:00:02.000Z", released_at: "2026-11-21T10:00:03.000Z" };
    const first = anAttempt({
      ...failed,
      reason: "timed_out",
      limit: "boot",
      detail: "the machine was not started after the boot limit of 2m",
      next: { ...next, number: 2 },
    });
    const second = anAttempt({ ...failed, number: 2, reason: "exit_code", exit_code: 9, machine, next });
    const retry = {
      attempts: 2,
      backoff: { initial: "2s", factor: 2, max: "5m", jitter: 0.2 },
      rules: [{ reasons: [], exit_codes: [9], signals: ["SIGTERM"], do: "next_size" as const, wait: "1m" }],
    };
    const ending = { reason: "exit_code" as const, exit_code: 9 };
    const run = aRun({ status: "retrying", ...ending, attempts: [first, second], next_attempt: next, retry });
    stub.on(`GET /v1/runs/${RUN_ID}`, json(run));
    const { stdout } = await mayfly(["runs", "show", RUN_ID], stub, at());
    expect(stdout).toContain(
      `${RUN_ID} retrying for 5m 00s: attempt 2 failed (exit code 9); attempt 3 follows in 4m 00s, shared-cpu-1x, 512 MB, in fra\n`,
    );
    expect(stdout).toMatch(/Retry +up to 2 attempts; 9,SIGTERM=next_size:1m\n/);
    expect(stdout).toContain("region ams, timed out (boot limit) (times from acceptance)\n");
    expect(stdout).toMatch(/why +the machine was not started after the boot limit of 2m\n/);
    expect(stdout).toContain("region ams, exit code 9 (times from acceptance)\n");
    expect(stdout).toMatch(/failed +\+2.00 s\n +machine gone +\+3.00 s\n/);
  });

  test("a list says why runs that wait for a retry failed", async () => {
    const time = "2026-11-21T10:00:00.000Z";
    const nowhere = { key: null, limit: null, place: null, running: null };
    const waiting = { for: "retry" as const, ...nowhere, since: time, until: time };
    const runs = [
      aRun({ status: "retrying", waiting, reason: "exit_code", exit_code: 75 }),
      aRun({ status: "retrying", waiting: null, reason: "machine_lost" }),
    ];
    stub.on("GET /v1/runs", json({ runs, next_cursor: null }));
    const { stdout } = await mayfly(["runs", "list"], stub, at());
    expect(stdout).toMatch(/retrying +exit 75 .*\n.*retrying +machine lost /);
  });

  test("a list says what runs wait for", async () => {
    const time = "2026-11-21T10:00:00.000Z";
    const waiting = { key: null, limit: null, place: null, running: null, since: time, until: time };
    const runs = [
      aRun({ waiting: { ...waiting, for: "concurrency", key: "deploy-prod", limit: 1 } }),
      aRun({ waiting: { ...waiting, for: "organization", limit: 5 } }),
      aRun({ waiting: { ...waiting, for: "run_at" } }),
      aRun({ status: "retrying", waiting: { ...waiting, for: "retry" } }),
      aRun({ waiting: { ...waiting, for: "launch", until: null } }),
    ];
    stub.on("GET /v1/runs", json({ runs, next_cursor: null }));
    const { stdout } = await mayfly(["runs", "list"], stub, at());
    expect(stdout).toMatch(/queued +in line .*\n.*queued +in line .*\n.*queued +not due yet /);
    expect(stdout).toMatch(/retrying +5m/);
    expect(stdout).toMatch(/queued +waiting for its launch /);
  });

  test("of a hook's run its delivery is told, what has changed, and that a fork's has no secrets", async () => {
    const change = {
      kind: "push" as const,
      repository: { url: "https://x/o/r.git", full_name: "o/r", is_private: false },
      ref: "refs/heads/main",
      branch: "main",
      tag: null,
      sha: "c0ffee",
      before: null,
      message: null,
      author: null,
      pull_request: null,
    };
    const delivery = {
      hook: "github",
      id: "72d3\u001b[2J",
      event: "push",
      without_secrets: false,
      change,
      other_repository: false,
      report: null,
    };
    const pull_request = {
      number: 7,
      action: "opened",
      has_new_commits: true,
      title: "A wish",
      head_ref: "wish",
      base_ref: "main",
      is_fork: true,
      head_repository: null,
    };
    const pull = { ...change, kind: "pull_request" as const, branch: null, pull_request };
    const fork = { ...delivery, event: "pull_request", without_secrets: true, change: pull };
    const path = `GET /v1/runs/${RUN_ID}`;
    stub.on(path, json(aRun({ delivery })), json(aRun({ delivery: fork })));
    const show = async () => (await mayfly(["runs", "show", RUN_ID], stub, at())).stdout;
    const pushed = await show();
    expect(pushed).toMatch(/Hook +github, push\n/);
    expect(pushed).toMatch(/Delivery +72d3\\e\[2J\n/);
    expect(pushed).toMatch(/Change +o\/r, branch main, commit c0ffee\n/);
    const asked = await show();
    expect(asked).toMatch(
      /Hook +github, pull_request, without secrets: what it is about is, or may be, from a fork\n/,
    );
    expect(asked).toMatch(/Change +o\/r, pull request 7 into main, commit c0ffee\n/);
  });

  test("of a run that waits its queue, its place and its end are told", async () => {
    const waiting = {
      for: "concurrency" as const,
      key: "deploy-prod",
      limit: 2,
      place: 3,
      running: 2,
      since: "2026-11-21T10:00:00.000Z",
      until: "2026-11-22T10:00:00.000Z",
    };
    const concurrency = { key: "deploy-prod", limit: 2, strategy: "queue" as const };
    stub.on(`GET /v1/runs/${RUN_ID}`, json(aRun({ waiting, concurrency, priority: 5 })));
    const { stdout } = await mayfly(["runs", "show", RUN_ID], stub, at());
    expect(stdout).toContain(`${RUN_ID} queued for 5m 00s: waiting for 4 others in deploy-prod\n`);
    expect(stdout).toMatch(/Concurrency +deploy-prod, 2 at a time, queue\n/);
    expect(stdout).toMatch(/Priority +5\n/);
    expect(stdout).toMatch(/Waiting +number 3 in line, 2 of 2 running, expires 2026-11-22T10:00:00.000Z\n/);
    const later = { ...waiting, for: "run_at" as const, key: null, limit: null, place: null, running: null };
    stub.on(
      `GET /v1/runs/${RUN_ID}`,
      json(aRun({ waiting: { ...later, until: "2026-11-21T10:10:00.000Z" } })),
    );
    const timed = await mayfly(["runs", "show", RUN_ID], stub, at());
    expect(timed.stdout).toContain("queued for 5m 00s: waiting for its time, in 5m 00s\n");
    const launch = { ...later, for: "launch" as const, place: 12, until: "2026-11-21T10:05:42.000Z" };
    stub.on(`GET /v1/runs/${RUN_ID}`, json(aRun({ waiting: launch })));
    const inLine = await mayfly(["runs", "show", RUN_ID], stub, at());
    expect(inLine.stdout).toContain("queued for 5m 00s: number 12 in line for a launch, in about 42.0 s\n");
    expect(inLine.stdout).toMatch(
      /Waiting +number 12 in line for a launch, expected at 2026-11-21T10:05:42.000Z\n/,
    );
  });

  test("what it was started after and what starts after it is told, and why something does not", async () => {
    const upstream = { run_id: RUN_ID, job: "build", outcome: "failed" as const, reason: "signal" as const };
    const ended = { decided_at: null, detail: null };
    const run = aRun({
      upstream: { ...upstream, exit_code: null, without_secrets: true, change: null },
      downstream: [
        { ...ended, job: "rest", verdict: "paused", detail: "the job was paused", run_id: null, run: null },
        {
          ...ended,
          job: "tell",
          verdict: "started",
          run_id: RUN_ID,
          run: { status: "running", reason: null },
        },
      ],
    });
    stub.on(`GET /v1/runs/${RUN_ID}`, json(run));
    const { stdout } = await mayfly(["runs", "show", RUN_ID], stub, at());
    expect(stdout).toContain(`${RUN_ID} of build, failed; without secrets, as a fork's change was built\n`);
    expect(stdout).toContain(`rest paused (the job was paused), tell ${RUN_ID} (running)\n`);
  });

  test("one that waits for its app's turn says until when, and its machine is not asked for before", async () => {
    const dueAt = "2026-11-21T10:05:12.000Z";
    const planned = {
      machine_id: null,
      region: null,
      create_asked_at: dueAt,
      created_at: null,
      started_at: null,
    };
    const waiting = {
      for: "launch" as const,
      key: null,
      limit: null,
      place: null,
      running: null,
      since: "2026-11-21T10:00:00.000Z",
      until: dueAt,
    };
    stub.on(
      `GET /v1/runs/${RUN_ID}`,
      json(aRun({ status: "starting", attempts: [anAttempt(planned)], waiting })),
    );
    const shown = await mayfly(["runs", "show", RUN_ID], stub, at());
    expect(shown.stdout).toContain(
      `${RUN_ID} starting for 5m 00s: its machine is asked for in 12.0 s, at its app's turn\n`,
    );
    expect(shown.stdout).toMatch(/machine asked for +\+5m 12s\n/);
    const cancelled = anAttempt({ ...planned, settled_at: "2026-11-21T10:00:02.000Z" });
    stub.on(`GET /v1/runs/${RUN_ID}`, json(aRun({ status: "cancelled", attempts: [cancelled] })));
    const ended = await mayfly(["runs", "show", RUN_ID], stub, at());
    expect(ended.stdout).not.toContain("asked for");
  });

  test.each([["show"], ["logs"], ["cancel"], ["rerun"], ["logs", "--follow"]])(
    "%s of a run that is not there says so",
    async (verb, ...options) => {
      const missing = problem(404, "not_found", "there is no run x", "path.id");
      for (const call of [
        "GET /v1/runs/nope",
        "GET /v1/runs/nope/output",
        "POST /v1/runs/nope/cancel",
        "POST /v1/runs/nope/rerun",
      ])
        stub.on(call, missing);
      const { exitCode, stderr } = await mayfly(["runs", verb, "nope", ...options], stub);
      expect(exitCode).toBe(1);
      expect(stderr).toContain("mayfly: there is no run nope\n");
    },
  );
});

describe("runs logs", () => {
  test("prints both streams to where they belong", async () => {
    stub.on(`GET /v1/runs/${RUN_ID}`, json(anEndedRun()));
    const lines = [
      { stream: "stdout", text: "héllo\n" },
      { stream: "stderr", base64: "/wA=" },
    ];
    stub.on(
      `GET /v1/runs/${RUN_ID}/output`,
      events(
        ...lines
          .map((line) => `${JSON.stringify({ attempt: 1, offset: 0, time: "", ...line })}\n`)
          .flatMap((line) => [line.slice(0, 9), line.slice(9)]),
      ),
    );
    const { io } = await mayfly(["runs", "logs", RUN_ID], stub);
    expect(io.stdout.text()).toBe("héllo\n");
    expect([...io.stderr.bytes()]).toEqual([255, 0]);
  });

  test("says on stderr which attempt writes, where there are several", async () => {
    stub.on(`GET /v1/runs/${RUN_ID}`, json(anEndedRun()));
    const line = (attempt: number, text: string) =>
      `${JSON.stringify({ attempt, offset: 0, time: "", stream: "stdout", text })}\n`;
    stub.on(`GET /v1/runs/${RUN_ID}/output`, events(line(1, "a\n"), line(1, "b\n"), line(3, "c\n")));
    const { stdout, stderr } = await mayfly(["runs", "logs", RUN_ID], stub);
    expect(stdout).toBe("a\nb\nc\n");
    expect(stderr).toBe("mayfly: attempt 3:\n");
  });

  test("of a run that is under way nothing is called missing", async () => {
    stub.on(`GET /v1/runs/${RUN_ID}`, json(aRun({ status: "running" })));
    stub.on(`GET /v1/runs/${RUN_ID}/output`, events());
    expect((await mayfly(["runs", "logs", RUN_ID], stub)).stderr).toBe("");
    expect((await mayfly(["runs", "show", RUN_ID], stub)).stdout).not.toContain("missing");
  });

  test("--stream prints the raw bytes of one", async () => {
    stub.on(`GET /v1/runs/${RUN_ID}`, json(anEndedRun()));
    stub.on(`GET /v1/runs/${RUN_ID}/output`, events(Buffer.from([0, 254]), Buffer.from([10])));
    const { io } = await mayfly(["runs", "logs", RUN_ID, "--stream", "stderr"], stub);
    expect([...io.stdout.bytes()]).toEqual([0, 254, 10]);
    expect(stub.seen.at(-1)?.query.get("stream")).toBe("stderr");
  });

  test("--step prints what one step wrote, of the attempt that is named", async () => {
    stub.on(`GET /v1/runs/${RUN_ID}`, json(anEndedRun()));
    const line = { attempt: 2, offset: 4, time: "", stream: "stdout", text: "two\n" };
    stub.on(`GET /v1/runs/${RUN_ID}/output`, events(`${JSON.stringify(line)}\n`));
    const args = ["runs", "logs", RUN_ID, "--step", "test", "--attempt", "2"];
    const { stdout, stderr } = await mayfly(args, stub);
    expect({ stdout, stderr }).toEqual({ stdout: "two\n", stderr: "" });
    expect(Object.fromEntries(stub.seen.at(-1)?.query ?? [])).toEqual({ step: "test", attempt: "2" });
    expect((await mayfly([...args, "--follow"], stub)).stderr).toContain("--step");
  });

  describe("of steps", () => {
    const sections = (stdout: [number, number | null], stderr: [number, number | null]) => ({
      stdout: { from: stdout[0], to: stdout[1] },
      stderr: { from: stderr[0], to: stderr[1] },
    });
    const aStep = (number: number, name: string, changes: Partial<StepStateBody> = {}): StepStateBody => ({
      number,
      name,
      state: "succeeded",
      if: "success",
      exit_code: 0,
      timed_out: false,
      started_at: "2026-11-21T10:00:00.000Z",
      ended_at: "2026-11-21T10:00:02.000Z",
      stdout: null,
      stderr: null,
      ...changes,
    });
    const running = { state: "running", exit_code: null, ended_at: null } as const;
    const skipped = { ...running, state: "skipped", started_at: null } as const;
    const build = aStep(1, "build", sections([0, 4], [0, 2]));
    const failed = aStep(2, "te\u001b[2Jst", { ...sections([4, 7], [2, 2]), state: "failed", exit_code: 3 });
    const never = aStep(3, "deploy", skipped);
    const tidy = aStep(4, "tidy", sections([7, 12], [2, 4]));
    const output = (stream: "stdout" | "stderr", offset: number, text: string) => ({ stream, offset, text });
    const lines = [
      output("stdout", 0, "one\n"),
      output("stderr", 0, "a\n"),
      output("stdout", 4, "twofour\n"),
      output("stderr", 2, "b\n"),
    ].map((line) => ({ attempt: 1, time: "", ...line }));
    const HEADED = [
      'mayfly: step "build":',
      "one",
      "a",
      'mayfly: step "build" succeeded after 2.00 s',
      'mayfly: step "te\\e[2Jst":',
      "two",
      'mayfly: step "te\\e[2Jst" failed with exit code 3 after 2.00 s',
      'mayfly: step "tidy":',
      "four",
      "b",
      'mayfly: step "tidy" succeeded after 2.00 s',
    ].map((line) => `${line}\n`);
    const ended = anEndedRun({ attempts: [anAttempt({ steps: [build, failed, never, tidy] })] });
    /** Both streams are one terminal. */
    const terminal = () => {
      const screen = new Kept();
      return fakeIo({ stdoutIsTty: true, stderrIsTty: true, stdout: screen, stderr: screen });
    };
    const event = (kind: string, data: object, id = "") =>
      `${id}event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
    const step = (body: StepStateBody, attempt = 1) => event("step", { attempt, ...body });
    const piece = (seq: number) => event("output", lines[seq - 1] ?? {}, `id: 1.${seq}\n`);

    test("says at a terminal which step writes, and how it went", async () => {
      stub.on(`GET /v1/runs/${RUN_ID}`, json(ended));
      stub.on(`GET /v1/runs/${RUN_ID}/output`, events(...lines.map((line) => `${JSON.stringify(line)}\n`)));
      expect((await mayfly(["runs", "logs", RUN_ID], stub, terminal())).stdout).toBe(HEADED.join(""));
    });

    test("says so once while it is followed, over a broken connection, too, as soon as it is known", async () => {
      const begun = aStep(1, "build", { ...running, ...sections([0, null], [0, null]) });
      const goesOn = aStep(4, "tidy", { ...running, ...sections([7, null], [2, null]) });
      stub.on(
        `GET /v1/runs/${RUN_ID}/output`,
        brokenEvents(step(begun), piece(1), step(build), piece(2), step(failed), step(never), step(goesOn)),
        events(
          ...[build, failed, never, goesOn].map((each) => step(each)),
          piece(3),
          step(tidy),
          piece(4),
          endEvent(ended),
        ),
      );
      const { stdout } = await mayfly(["runs", "logs", RUN_ID, "--follow"], stub, terminal());
      const lost = stdout.split("\n").filter((line) => line.includes("connection"));
      expect(lost).toHaveLength(2);
      expect(
        stdout
          .split("\n")
          .filter((line) => !line.includes("connection"))
          .join("\n"),
      ).toBe(HEADED.join(""));
    });

    test("of several attempts are those of each, under its own heading", async () => {
      const other = aStep(1, "build", sections([0, 2], [0, 0]));
      const silent = aStep(1, "build", { ...running, ...sections([0, null], [0, null]) });
      const late = { attempt: 2, offset: 0, time: "", stream: "stdout", text: "c\n" };
      stub.on(
        `GET /v1/runs/${RUN_ID}/output`,
        events(
          ...[step(build), step(silent, 2), piece(1), piece(2)],
          ...[step(other, 2), event("output", late, "id: 2.1\n"), step(silent, 3), endEvent(ended)],
        ),
      );
      const { stdout } = await mayfly(["runs", "logs", RUN_ID, "--follow"], stub, terminal());
      const [first = "", ...rest] = HEADED.slice(0, 4);
      const second = ["attempt 2:", 'step "build":', "c", 'step "build" succeeded after 2.00 s'];
      const third = ["attempt 3:", 'step "build":'];
      const ours = [...second, ...third].map((line) => `${line === "c" ? "" : "mayfly: "}${line}\n`);
      expect(stdout).toBe([first, ...rest, ...ours].join(""));
    });

    test("names a step again whose output was held back until another wrote", async () => {
      stub.on(`GET /v1/runs/${RUN_ID}`, json(ended));
      const [one, a, two, b] = lines.map((line) => `${JSON.stringify(line)}\n`);
      stub.on(`GET /v1/runs/${RUN_ID}/output`, events(one ?? "", two ?? "", a ?? "", b ?? ""));
      const { stdout } = await mayfly(["runs", "logs", RUN_ID], stub, terminal());
      const again = 'four\nmayfly: step "build" also wrote:\na\nmayfly: step "tidy" also wrote:\nb\n';
      expect(stdout).toContain(again);
    });

    test.each([[["logs"]], [["logs", "--follow"]]])("says nothing of it to a program: %j", async (args) => {
      stub.on(`GET /v1/runs/${RUN_ID}`, json(ended));
      const all = lines.map((line) => `${JSON.stringify(line)}\n`);
      const told = [
        step(build),
        piece(1),
        piece(2),
        step(failed),
        step(tidy),
        piece(3),
        piece(4),
        endEvent(ended),
      ];
      stub.on(`GET /v1/runs/${RUN_ID}/output`, events(...(args.length > 1 ? told : all)));
      const { stdout, stderr } = await mayfly(["runs", ...args, RUN_ID], stub);
      expect({ stdout, stderr }).toEqual({ stdout: "one\ntwofour\n", stderr: "a\nb\n" });
    });
  });

  test("show tells how each step went", async () => {
    const step = {
      number: 1,
      name: "build",
      state: "failed" as const,
      if: "success" as const,
      exit_code: 3,
      timed_out: false,
      started_at: "2026-11-21T10:00:00.300Z",
      ended_at: "2026-11-21T10:00:02.300Z",
      stdout: { from: 0, to: 12 },
      stderr: { from: 0, to: 0 },
    };
    const never = { ...step, number: 2, name: "test", state: "skipped" as const, exit_code: null };
    const unstarted = { started_at: null, ended_at: null, stdout: null, stderr: null };
    const steps = [step, { ...never, ...unstarted }];
    const run = anEndedRun({ command: null, attempts: [anAttempt({ steps })] });
    stub.on(`GET /v1/runs/${RUN_ID}`, json(run));
    const { stdout } = await mayfly(["runs", "show", RUN_ID], stub);
    expect(stdout).toMatch(/1 +build +failed +2\.00 s +3 +0–12 +0–0\n +2 +test +skipped\n/);
  });

  test("--follow goes on over a broken connection, and ends well whatever the run's end", async () => {
    const ended = anEndedRun({ status: "failed", reason: "exit_code", exit_code: 7 });
    stub.on(
      `GET /v1/runs/${RUN_ID}/output`,
      brokenEvents(outputEvent(1, "stdout", "a"), outputEvent(2, "stderr", "b")),
      events(outputEvent(3, "stdout", "c"), endEvent(ended)),
    );
    const { exitCode, stdout } = await mayfly(
      ["runs", "logs", RUN_ID, "--follow", "--stream", "stdout"],
      stub,
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "ac" });
  });
});

test("runs cancel of a final run says that it is final and ends with 1", async () => {
  stub.on(
    `POST /v1/runs/${RUN_ID}/cancel`,
    problem(409, "run_is_final", "the run is succeeded already; a final run can not be cancelled"),
    json(aRun({ status: "running" }), 202),
  );
  const refused = await mayfly(["runs", "cancel", RUN_ID], stub);
  expect(refused).toMatchObject({
    exitCode: 1,
    stderr: "mayfly: the run is succeeded already; a final run can not be cancelled\n",
  });
  expect(await mayfly(["runs", "cancel", RUN_ID], stub)).toMatchObject({
    exitCode: 0,
    stdout: `${RUN_ID} is being cancelled\n`,
  });
});

test.each([
  [["runs", "list", "--status", "done"], "queued, starting, running, retrying, succeeded, failed, cancelled"],
  [["runs", "list", "--limit", "0"], "from 1"],
  [["runs", "list", "--tag", "a=1", "--tag", "b=2"], "once"],
  [["runs", "list", "--since", "yesterday-ish"], "90m"],
  [["runs", "show"], "id"],
  [["runs", "lst"], "list"],
  [["runs", "logs", "x", "--stream", "both"], "stdout, stderr"],
])("%j ends with 2 and names what is accepted", async (args, named) => {
  const { exitCode, stderr } = await mayfly(args, stub);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(named);
});

test("a reader that went away ends the command quietly", async () => {
  stub.on("GET /v1/runs", json({ runs: [aRun()], next_cursor: null }));
  const io = fakeIo();
  io.stdout.on("error", () => undefined);
  io.stdout._write = (_chunk, _encoding, done) => done(Object.assign(new Error("gone"), { code: "EPIPE" }));
  expect(await mayfly(["runs", "list"], stub, io)).toMatchObject({ exitCode: 141, stderr: "" });
});

describe("runs rerun", () => {
  const rerun = async (...args: string[]) => {
    stub.on(
      `POST /v1/runs/${RUN_ID}/rerun`,
      json(aRun({ id: "run_01jd0k3v7c9q2m8w5x4y6z7new", rerun_of: RUN_ID }), 202),
    );
    const result = await mayfly(["runs", "rerun", ...args], stub);
    return { ...result, body: JSON.parse(stub.seen.at(-1)?.body ?? "null") };
  };

  test("orders the same again and prints the new run's id alone", async () => {
    const { stdout, stderr, exitCode, body } = await rerun(RUN_ID);
    expect(exitCode).toBe(0);
    expect(stdout).toBe("run_01jd0k3v7c9q2m8w5x4y6z7new\n");
    expect(stderr).toContain("/runs/run_01jd0k3v7c9q2m8w5x4y6z7new\n");
    expect(body).toEqual({ env: {}, machine: {}, timeouts: {}, tags: {} });
  });

  test("sends what is to change and nothing else", async () => {
    const options = "--image alpine --env A=1 --size performance-2x --region eu --retry 2 --tag k=v";
    const { body } = await rerun(...options.split(" "), RUN_ID, "--", "make", "-j", "test");
    expect(body).toEqual({
      image: "alpine",
      command: ["make", "-j", "test"],
      env: { A: "1" },
      machine: { size: "performance-2x" },
      regions: ["eu"],
      timeouts: {},
      retry: { attempts: 3 },
      tags: { k: "v" },
    });
  });

  test("a refused change is said in the words of the command line", async () => {
    stub.on(`POST /v1/runs/${RUN_ID}/rerun`, problem(422, "invalid_input", "no region", "regions.0"));
    const { stderr, exitCode } = await mayfly(["runs", "rerun", "--region", "x", RUN_ID], stub);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("mayfly: --region: no region\n");
  });

  test("a rule is left to Mayfly, which knows of the run's attempts, and so are its words", async () => {
    const says = "needs retry.attempts of 2 or more: a retry";
    const path = "retry.rules.0.exit_codes";
    stub.on(`POST /v1/runs/${RUN_ID}/rerun`, problem(422, "invalid_input", says, path));
    const { stderr, exitCode } = await mayfly(["runs", "rerun", "--retry-rule", "7=same_size", RUN_ID], stub);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("mayfly: --retry-rule: needs --retry of 1 or more: a retry\n");
  });
});

describe("runs cancel by a filter", () => {
  const page = (changes: object) =>
    json({ cancelled: 0, already_asked: 0, ended: 0, run_ids: [], next_cursor: null, ...changes });
  const bodies = () => stub.seen.map(({ body }) => JSON.parse(body));

  test("goes on until none is left, prints the ids and says how many", async () => {
    stub.on(
      "POST /v1/runs/cancel",
      page({ cancelled: 2, run_ids: ["run_b", "run_a"], next_cursor: "run_a" }),
      page({ cancelled: 1, already_asked: 1, ended: 2, run_ids: ["run_0"] }),
    );
    const args = "runs cancel --tag team=data --status queued,retrying --since 5m".split(" ");
    const { stdout, stderr, exitCode } = await mayfly(args, stub, at());
    expect(exitCode).toBe(0);
    expect(stdout).toBe("run_b\nrun_a\nrun_0\n");
    expect(stderr).toBe(
      "mayfly: 3 runs are being cancelled; 1 had been asked before; 2 ended by themselves meanwhile\n",
    );
    const filter = { status: ["queued", "retrying"], tag: "team:data", since: "2026-11-21T10:00:00.000Z" };
    expect(bodies()).toEqual([filter, { ...filter, cursor: "run_a" }]);
  });

  test("--all means every run that is not final", async () => {
    stub.on("POST /v1/runs/cancel", page({ cancelled: 1, run_ids: ["run_a"] }));
    const { stderr } = await mayfly(["runs", "cancel", "--all"], stub);
    expect(stderr).toBe("mayfly: 1 run is being cancelled\n");
    expect(bodies()).toEqual([{ status: ["queued", "starting", "running", "retrying"] }]);
  });

  test.each([
    [[], "nothing to cancel"],
    [[RUN_ID, "--all"], "not both"],
    [["--status", "failed"], "queued, starting, running, retrying"],
    [["--tag", "team"], "key=value"],
  ])("%j is refused before anything is asked", async (args, says) => {
    const { stderr, exitCode } = await mayfly(["runs", "cancel", ...args], stub);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(says);
    expect(stub.seen).toEqual([]);
  });
});

/** The pages as the server renders them: what they say, and what they never carry. */

import { Hono } from "hono";
import { describe, expect, test, vi } from "vitest";
import type { RunBody } from "../../src/api/run-schema.ts";
import { AppError } from "../../src/core/error.ts";
import { changeJson } from "../../src/core/hook/change.ts";
import type { RunChange } from "../../src/core/hook/run-delivery.ts";
import { PAGE_EVENTS_MAX } from "../../src/core/limits.ts";
import { createDashboard } from "../../src/dashboard/dashboard.tsx";
import { aChange } from "../support/a-run.ts";
import { type MemoryPorts, memoryPorts, SIGNED_IN } from "./memory-ports.ts";
import { anAttempt, aRun, at, outputOf, runId } from "./run-factory.ts";

async function get(ports: MemoryPorts, path: string, headers: Record<string, string> = SIGNED_IN) {
  const response = await createDashboard(ports).request(path, { headers });
  return { response, html: await response.text() };
}

/** The page's words, without its markup. */
const wordsOf = (html: string): string =>
  html
    .replaceAll(/<head>.*?<\/head>/gs, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll(/\s+/g, " ");

async function runPage(run: RunBody, lines: ReturnType<typeof outputOf> = []) {
  const { html } = await get(memoryPorts([run], { [run.id]: lines }), `/runs/${run.id}`);
  return { html, words: wordsOf(html) };
}

describe("the list", () => {
  test("says of a run that waits for its next attempt why the last one failed", async () => {
    const runs = [
      aRun({ id: runId(1), status: "retrying", reason: "exit_code", exit_code: 75 }),
      aRun({ id: runId(2), status: "retrying", reason: "machine_lost" }),
    ];
    const words = wordsOf((await get(memoryPorts(runs), "/")).html);
    expect(words).toMatch(/Retrying +exit code 75 .*Retrying +machine lost /);
  });

  test("tells of machines that belong to no run, once for the page and not for each refresh", async () => {
    const ports = memoryPorts([aRun()]);
    const words = async (path = "/") => wordsOf((await get(ports, path)).html);
    expect(await words()).not.toContain("belong");
    ports.unknown = 1;
    expect(await words()).toContain(
      "1 machine belongs to no run that goes on, and will be destroyed by the sweep of each minute",
    );
    ports.unknown = 12;
    expect(await words()).toContain("12 machines belong to no run");
    expect(await words("/?part=list")).not.toContain("belong");
  });

  test("shows status, reason, name or command, image, duration and age", async () => {
    const ports = memoryPorts([
      aRun({ id: runId(2), name: "nightly", status: "failed" }),
      aRun({
        id: runId(1),
        command: ["echo", "it's"],
        accepted_at: at(3_600_000),
        settled_at: at(3_595_000),
      }),
    ]);
    const { html } = await get(ports, "/");
    const words = wordsOf(html);
    expect(words).toContain("Failed exit code 7 nightly");
    expect(words).toContain("Succeeded echo 'it'\\''s'");
    expect(words).toContain("debian:12 5.00 s 1h ago");
    expect(html).toContain('title="2026-11-21 11:00:00.000 UTC"');
    expect(html.indexOf("nightly")).toBeLessThan(html.indexOf("echo"));
  });

  test.each<[RunBody["reason"], Partial<RunBody>, string]>([
    ["signal", { signal: "SIGKILL" }, "SIGKILL"],
    ["out_of_memory", {}, "out of memory"],
    ["timed_out", {}, "timed out"],
    ["machine_lost", {}, "machine lost"],
    ["no_capacity", {}, "no capacity"],
    ["command_not_found", { exit_code: 127 }, "command not found"],
    ["command_not_found", { exit_code: 126 }, "could not be executed"],
  ])("names the reason %s", async (reason, changes, word) => {
    const { html } = await get(memoryPorts([aRun({ status: "failed", reason, ...changes })]), "/");
    expect(wordsOf(html)).toContain(`Failed ${word}`);
  });

  test("filters by status and tag, and keeps both over pages", async () => {
    const runs = Array.from({ length: 60 }, (_, n) => aRun({ id: runId(n), tags: { team: "a:b" } }));
    const ports = memoryPorts(runs);
    const { html } = await get(ports, "/?status=succeeded&tag=team:a:b");
    expect(ports.calls).toEqual(["list succeeded team=a:b null"]);
    expect(html).toContain('href="/?status=succeeded&amp;tag=team%3Aa%3Ab&amp;cursor=second"');
    expect(html).toContain('aria-label="Remove the filter by tag team"');
  });

  test("shows whose run a job's is, leads to the others of it, and filters by it", async () => {
    const job = { name: "deploy", version: 3 };
    const input = { note: "</pre><b>" };
    const ports = memoryPorts([aRun({ id: runId(1), job, input }), aRun({ id: runId(2), name: "other" })]);
    const page = await get(ports, `/runs/${runId(1)}`);
    expect(page.html).toContain('<a href="/jobs/deploy">deploy</a>');
    expect(page.html).toContain('<a href="/jobs/deploy/versions/3">version 3</a>');
    expect(page.html).toContain('<a href="/?job=deploy">its runs</a>');
    expect(page.html).toContain("&lt;/pre&gt;&lt;b&gt;");
    const list = await get(ports, "/?job=deploy");
    expect(list.html).toContain('aria-label="Remove the filter by job deploy"');
    expect(list.html).toContain(runId(1));
    expect(list.html).not.toContain(runId(2));
    expect((await get(ports, "/?job=none")).html).toContain("No such runs");
  });

  const build = (n: number, change: Partial<RunChange> = {}) =>
    aRun({
      id: runId(n),
      job: { name: "build", version: 1 },
      delivery: {
        ...{ hook: "github", id: "1", event: "push", without_secrets: false, other_repository: false },
        change: changeJson(aChange(change)),
        report: null,
      },
    });

  test("says of a run that builds something what, in a line in which nothing acts or hides", async () => {
    const { html } = await get(
      memoryPorts([
        build(1),
        build(2, { branch: null, tag: "v1", message: `<b>\u202e${"long ".repeat(50)}`, author: null }),
        aRun({ id: runId(3), name: "other" }),
      ]),
      "/",
    );
    const words = wordsOf(html);
    expect(words).toContain(`build main 72d3162ecc, Mend the gate (ada) ${runId(1)}`);
    expect(words).toMatch(/build tag v1 72d3162ecc, &lt;b&gt;\\u202e(long )+l?o?n?…/);
    expect(words).toContain(`other ${runId(3)}`);
  });

  test("is searched by branch and commit where something is built, and keeps that over pages", async () => {
    expect((await get(memoryPorts([aRun()]), "/")).html).not.toContain('name="commit"');
    const ports = memoryPorts(Array.from({ length: 60 }, (_, n) => build(n)));
    const { html } = await get(ports, "/?status=succeeded&branch=main&commit=72D3162");
    expect(html).toContain('<input type="hidden" name="status" value="succeeded"/>');
    expect(html).toMatch(/name="branch" type="search" value="main"/);
    expect(html).toContain('href="/?status=succeeded&amp;branch=main&amp;commit=72d3162&amp;cursor=second"');
    expect((await get(memoryPorts([build(1)]), "/?branch=other")).html).toContain("No such runs");
    const full = await get(memoryPorts([build(1)]), "/?branch=refs/heads/main");
    expect(full.html).toMatch(/name="branch" type="search" value="main"/);
    expect(full.html).not.toContain("No such runs");
  });

  test("says at its field that a commit is none, and shows no runs", async () => {
    const ports = memoryPorts([build(1)]);
    const { response, html } = await get(ports, "/?commit=%22%3E%3Cb%3E");
    expect(response.status).toBe(422);
    expect(html).toContain('aria-invalid="true" aria-describedby="commit-wrong"');
    expect(wordsOf(html)).toContain("must be a commit's hash, or how it begins: 7 to 40 hexadecimal digits");
    expect(html).toContain('value="&quot;&gt;&lt;b&gt;"');
    expect(ports.calls).toEqual([]);
  });

  test.each([
    ["/?status=bogus", "status must be one or more of queued, starting, running"],
    ["/?status=succeeded,nonsense", "status must be one or more of"],
    ["/?tag=team", "tag must be key:value"],
  ])("%s is answered with what is accepted, and not with other runs", async (path, sentence) => {
    const { response, html } = await get(memoryPorts([aRun({ name: "other" })]), path);
    expect(response.status).toBe(400);
    expect(wordsOf(html)).toContain(sentence);
    for (const word of ["bogus", "nonsense", "other"]) expect(html).not.toContain(word);
  });

  test("before the first run it says how to make one, against this very address", async () => {
    const { html } = await get(memoryPorts(), "http://runs.example/");
    expect(wordsOf(html)).toContain("npx mayfly run --image debian:12");
    expect(wordsOf(html)).toContain("curl http://runs.example/v1/runs");
  });

  test("a filter that finds nothing leads back to all", async () => {
    const { html } = await get(memoryPorts([aRun()]), "/?status=failed");
    expect(wordsOf(html)).toContain("No such runs. Show all");
  });

  test("without a script it loads itself again while a run is under way, and only then", async () => {
    const open = await get(memoryPorts([aRun({ status: "running" })]), "/");
    expect(open.html).toContain('<noscript><meta http-equiv="refresh" content="5"></noscript>');
    expect(open.html).toContain('data-list="/?part=list" data-refresh=""');
    const closed = await get(memoryPorts([aRun()]), "/");
    expect(closed.html).not.toContain("http-equiv");
    expect(wordsOf(open.html)).toContain("loads itself again every 5 s. Reload now");
    expect(open.html).toContain('<a href="/">Reload now</a>');
    expect(closed.html).not.toContain("data-refresh");
  });

  test("a cursor that is none is answered with the sentence, not with a crash", async () => {
    const ports = memoryPorts();
    ports.listRuns = async () => {
      throw new AppError("invalid_input", "cursor is not one that a list gave", "query.cursor");
    };
    const { response, html } = await get(ports, "/?cursor=x");
    expect(response.status).toBe(400);
    expect(wordsOf(html)).toContain("cursor is not one that a list gave.");
  });

  test("an unexpected error is logged and says nothing of itself", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const ports = memoryPorts();
    ports.listRuns = async () => {
      throw new TypeError("secret detail");
    };
    const { response, html } = await get(ports, "/");
    expect(response.status).toBe(500);
    expect(html).not.toContain("secret detail");
    expect(logged).toHaveBeenCalledOnce();
    logged.mockRestore();
    expect(response.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
  });
});

const WAITING = {
  for: "concurrency" as const,
  key: "deploy-prod",
  limit: 2,
  place: 3,
  running: 2,
  since: at(60_000),
  until: at(-3_600_000),
};
const TIMED = { key: null, limit: null, place: null, running: null };

describe("a run's state in plain words", () => {
  const failed = (changes: Partial<RunBody>): RunBody => aRun({ status: "failed", ...changes });
  test.each<[string, RunBody]>([
    ["Waiting for its turn", aRun({ status: "queued" })],
    [
      "Waiting for 4 other runs of deploy-prod for 1m 00s 2 runs at a time with this concurrency key; this one is number 3 in line. It expires in 1h",
      aRun({ status: "queued", waiting: WAITING }),
    ],
    [
      "Waiting for another run",
      aRun({
        status: "queued",
        waiting: { ...WAITING, for: "organization", key: null, place: 1, running: 1 },
      }),
    ],
    ["Waiting for its time", aRun({ status: "queued", waiting: { ...WAITING, ...TIMED, for: "run_at" } })],
    [
      "Waiting for its launch, number 12 in line for 1m 00s Its machine is asked for in about 42.0 s : Fly takes one create a second",
      aRun({
        status: "queued",
        waiting: { ...WAITING, ...TIMED, for: "launch", place: 12, until: at(-42_000) },
      }),
    ],
    ["A newer run took its place", aRun({ status: "cancelled", reason: "superseded" })],
    ["No slot was free for it", aRun({ status: "cancelled", reason: "dropped" })],
    ["Its turn did not come in time", aRun({ status: "cancelled", reason: "expired" })],
    [
      "Asking for a machine",
      aRun({ status: "starting", attempts: [anAttempt("starting", { created_at: null })] }),
    ],
    ["Its machine is booting", aRun({ status: "starting" })],
    ["Running for 1m 00s", aRun({ status: "running" })],
    ["Being cancelled", aRun({ status: "running", cancel_requested_at: at(3000) })],
    ["Succeeded after 50.0 s , 10s ago", aRun()],
    ["Exited with code 7", failed({})],
    ["The command could not be started", failed({ reason: "command_not_found", exit_code: 127 })],
    ["The command could not be executed", failed({ reason: "command_not_found", exit_code: 126 })],
    ["Killed by SIGKILL", failed({ reason: "signal", signal: "SIGKILL" })],
    ["Ended by SIGTERM", failed({ reason: "signal", signal: "SIGTERM" })],
    ["Ran out of memory: its machine has 256 MB", failed({ reason: "out_of_memory" })],
    ["Ran past its limit of 15m", failed({ reason: "timed_out" })],
    ["No machine within its queue limit of 1h", failed({ reason: "timed_out", attempts: [] })],
    [
      "Its machine was not up within its boot limit of 2m",
      failed({
        reason: "timed_out",
        attempts: [anAttempt("failed", { started_at: null, first_output_at: null })],
      }),
    ],
    ["The machine was lost; how the command ended is not known", failed({ reason: "machine_lost" })],
    ["There was no room for its machine", failed({ reason: "no_capacity" })],
    ["Cancelled after 50.0 s", aRun({ status: "cancelled" })],
  ])("%s", async (sentence, run) => {
    expect((await runPage(run)).words).toContain(sentence);
  });

  test("a detail that tells more is shown, one that repeats the sentence is not", async () => {
    const refused = failed({ reason: "launch_refused", detail: "quota of 10 machines reached" });
    expect((await runPage(refused)).words).toContain("quota of 10 machines reached");
    expect((await runPage(failed({}))).words).not.toContain("the command exited with 7");
  });

  test("only a run under way can be cancelled, once", async () => {
    const button = "Cancel run";
    expect((await runPage(aRun({ status: "running" }))).words).toContain(button);
    expect((await runPage(aRun({ status: "running", cancel_requested_at: at(0) }))).words).not.toContain(
      button,
    );
    expect((await runPage(aRun())).words).not.toContain(button);
  });
});

describe("a run that is over", () => {
  test("can be run again, and nothing else can", async () => {
    expect((await runPage(aRun())).words).toContain("Run again");
    expect((await runPage(aRun({ status: "running" }))).words).not.toContain("Run again");
  });
});

describe("a run's facts and times", () => {
  test("the run after which it was started and those that start after it are a link away", async () => {
    const upstream = { run_id: runId(8), job: "build", outcome: "succeeded" as const, reason: null };
    const started = { job: "tell", verdict: "started" as const, detail: null, decided_at: null };
    const paused = { ...started, job: "rest", verdict: "paused" as const, detail: "the job was <paused>" };
    const { words, html } = await runPage(
      aRun({
        upstream: { ...upstream, exit_code: 0, without_secrets: true, change: null },
        downstream: [
          { ...paused, run_id: null, run: null },
          { ...started, run_id: runId(9), run: { status: "failed", reason: "exit_code" } },
        ],
      }),
    );
    expect(words).toContain(`Started after ${runId(8)} of build , succeeded · without secrets`);
    expect(words).toContain("rest : paused , the job was &lt;paused&gt;");
    expect(words).toContain(`tell : ${runId(9)} , failed`);
    for (const path of [`/runs/${runId(8)}`, `/runs/${runId(9)}`, "/jobs/build", "/jobs/rest"])
      expect(html).toContain(`href="${path}"`);
    expect(html).not.toContain("<paused>");
  });

  test("the waterfall has each phase with its duration, as SVG attributes", async () => {
    const { words, html } = await runPage(aRun());
    for (const phase of [
      "Queue 100 ms",
      "Create machine 900 ms",
      "Boot 3.00 s",
      "Until first output 1.50 s",
      "Run 44.1 s",
      "Settle 400 ms",
    ])
      expect(words).toContain(phase);
    expect(html).toMatch(/<rect class="command" x="11\.00%" y="0" width="88\.20%"/);
  });

  test("a slow start is told in two: its image, and its boot", async () => {
    const run = aRun();
    const [attempt] = run.attempts;
    if (!attempt?.created_at) throw new Error("a run that has ended has an attempt with a machine");
    const readyAt = new Date(Date.parse(attempt.created_at) + 2000).toISOString();
    const { words } = await runPage({ ...run, attempts: [{ ...attempt, image_ready_at: readyAt }] });
    expect(words).toContain("Fetch image 2.00 s");
    expect(words).toContain("Boot 1.00 s");
  });

  test("a phase under way ends now and goes on", async () => {
    const { html, words } = await runPage(aRun({ status: "starting" }));
    expect(words).toContain("Boot 59 s");
    expect(html).toContain(`data-since="${at(59_000)}"`);
  });

  test("each of several attempts is told with its end and machine, and what comes next with its time", async () => {
    const machine = { cpu_kind: "shared", cpus: 1, memory_mb: 512 };
    const next = { number: 3, at: at(-300_000), machine, asked_region: "fra" };
    const over = { settled_at: at(30_000), exited_at: at(30_000) };
    const lost = anAttempt("running", { ...over, reason: "timed_out", limit: "boot" });
    const failed = anAttempt("running", {
      ...over,
      number: 2,
      reason: "exit_code",
      exit_code: 9,
      machine,
      next,
    });
    const run = aRun({ status: "retrying", attempts: [lost, failed], next_attempt: next });
    const { words, html } = await runPage(run);
    expect(words).toContain("Retrying Attempt 2 failed: exit code 9 for 1m 00s");
    expect(words).toContain("Attempt 3 asks for shared-cpu-1x, 512 MB in fra in 5m 00s .");
    expect(words).toContain("Attempt 1: timed out (boot limit), on shared-cpu-1x, 256 MB, in ams");
    expect(words).toContain("Attempt 2: exit code 9, on shared-cpu-1x, 512 MB, in ams");
    expect(html).toContain('id="cancel"');
  });

  test("what follows a failure is told with the rule that says so, beside all that there are", async () => {
    const rule = { reasons: [], exit_codes: [], signals: [] };
    const rules: RunBody["retry"]["rules"] = [
      { ...rule, reasons: ["machine_lost", "signal"], do: "stop" },
      { ...rule, exit_codes: [9, 75], signals: ["SIGHUP"], do: "next_size", wait: "5m" },
      { ...rule, exit_codes: [9], do: "same_size" },
    ];
    const machine = { cpu_kind: "shared", cpus: 1, memory_mb: 512 };
    const next = { number: 2, at: at(-300_000), machine, asked_region: null };
    const failed = (changes: object) => {
      const end = { settled_at: at(30_000), exited_at: at(30_000), next };
      const detail = "the machine has 256 MB of memory";
      return aRun({
        status: "retrying",
        detail,
        retry: { ...aRun().retry, attempts: 3, rules },
        attempts: [anAttempt("running", { ...end, detail, ...changes })],
        next_attempt: next,
        ...changes,
      });
    };
    const { words } = await runPage(failed({ reason: "exit_code", exit_code: 9 }));
    expect(words).toContain("Retrying Attempt 1 failed: exit code 9 for 1m 00s");
    expect(words).toContain(
      "in 5m 00s . So says the rule “exit code 9, 75, SIGHUP: the next size, after 5m”.",
    );
    expect(words).toMatch(
      /Retry up to 3 attempts +machine lost, any signal: no retry +exit code 9, 75, SIGHUP: the next size, after 5m +exit code 9: the same size again/,
    );
    const other = await runPage(failed({ reason: "exit_code", exit_code: 1 }));
    expect(other.words).toContain("in 5m 00s . No rule of the run names this failure.");
    // A code of a command that was not the command's own end is no failure of that code.
    const lost = failed({ reason: "image_unavailable", exit_code: null, detail: "there is no such image" });
    const words3 = (await runPage(lost)).words;
    expect(words3).toContain("Attempt 1 failed: image unavailable");
    expect(words3).toContain("there is no such image");
  });

  test("a run that waits for its app's turn says until when, and only its queue takes time", async () => {
    const planned = { machine_id: null, region: null, create_asked_at: at(-90_000), created_at: null };
    const run = aRun({
      status: "starting",
      attempts: [anAttempt("starting", planned)],
      waiting: {
        for: "launch",
        key: null,
        limit: null,
        place: null,
        running: null,
        since: at(60_000),
        until: at(-90_000),
      },
    });
    const { words } = await runPage(run);
    expect(words).toContain("Starting Waiting for its app's turn for 1m 00s");
    expect(words).toContain(
      "Its machine is asked for in 1m 30s : Fly takes one create a second in each app.",
    );
    expect(words).toMatch(/Phase When Took Queue 1m 00s Output/);
    expect(words).toContain("App mayfly-runs");
  });

  test("a run that never had a machine was only queued", async () => {
    const run = aRun({ status: "failed", reason: "timed_out", attempts: [] });
    expect((await runPage(run)).words).toMatch(/Phase When Took Queue 50\.0 s Output/);
  });

  test("tells image, command, machine, region, tags, and env by name with its values folded away", async () => {
    const { html, words } = await runPage(
      aRun({
        tags: { branch: "main" },
        env: { LEVEL: "debug" },
        secrets: { KEY: "DEPLOY_KEY", TOKEN: "TOKEN" },
        files: [{ path: "/in.csv", bytes: 2048, mode: "0644" }],
      }),
    );
    for (const fact of [
      "Image debian:12",
      "Command sh -c 'make test'",
      "shared-cpu-1x, 256 MB",
      "Region ams",
      "e784079b449483",
      "branch : main",
      "/in.csv 2 KB, 0644",
      "KEY=DEPLOY_KEY",
    ])
      expect(words).toContain(fact);
    expect(html).toMatch(
      /<details id="env-LEVEL"><summary><code>LEVEL<\/code><\/summary><pre>debug<\/pre><\/details>/,
    );
    expect(html).toContain('href="/?tag=branch%3Amain"');
  });

  test.each([
    ["echo hi", "1 line"],
    ["echo hi\n", "1 line"],
    ["echo\n\necho", "3 lines"],
  ])("the script %j is said to have %s", async (script, says) => {
    const { html } = await runPage(aRun({ command: null, script }));
    expect(html).toContain(`<summary>${says}</summary>`);
  });

  test("of many events the newest are shown, with how many are left out and the way to them", async () => {
    const run = aRun();
    const ports = memoryPorts([run]);
    const events = Array.from({ length: PAGE_EVENTS_MAX + 1234 }, (_, index) => ({
      seq: index + 1,
      at: run.accepted_at,
      type: "create_uncertain" as const,
      attempt: 1,
      data: { error: "a fault" },
    }));
    ports.eventsOfRun.set(run.id, events);
    const { html } = await get(ports, `/runs/${run.id}`);
    expect(wordsOf(html)).toContain("Events the newest 500 of 1,734");
    expect(wordsOf(html)).toContain("1,234 earlier events are left out here.");
    expect(html).toContain(`href="/runs/${run.id}/events?before=1235"`);
    const earlier = await get(ports, `/runs/${run.id}/events?before=1235`);
    expect(wordsOf(earlier.html)).toContain("Events 735 to 1234");
    expect(earlier.html).toContain(`href="/runs/${run.id}/events?before=735"`);
    const first = await get(ports, `/runs/${run.id}/events?before=235`);
    expect(wordsOf(first.html)).toContain("Events 1 to 234");
    expect(wordsOf(first.html)).not.toContain("earlier");
  });

  test.each(["0", "x", "-1", "1e3", ""])("before=%j is refused with what is accepted", async (before) => {
    const { response, html } = await get(memoryPorts([aRun()]), `/runs/${runId(1)}/events?before=${before}`);
    expect(response.status).toBe(400);
    expect(wordsOf(html)).toContain("before must be the number of an event");
  });

  test("events are listed by number, their data folded away", async () => {
    expect((await runPage(aRun())).words).toMatch(
      /Events 2 .*1 0 ms accepted 2 100 ms attempt planned machine_name/,
    );
  });

  test("an unknown run is a page of its own that repeats nothing of the request", async () => {
    const { response, html } = await get(memoryPorts(), "/runs/run_nothere%3Cscript%3E");
    expect(response.status).toBe(404);
    expect(wordsOf(html)).toContain("No such run");
    expect(html).not.toContain("nothere");
  });
});

describe("output", () => {
  test("is there without a script, with its colours as classes and stderr told apart", async () => {
    const { html } = await runPage(aRun(), outputOf(["stdout", "\x1b[32mok\x1b[0m\n"], ["stderr", "oops\n"]));
    expect(html).toContain(
      '<div class="row"><span class="f2">ok</span></div><div class="row stderr">oops</div>',
    );
  });

  test("a run under way hands its state to the script, a final one needs none", async () => {
    const lines = outputOf(["stdout", "\x1b[32mhalf"]);
    const { html } = await runPage(aRun({ status: "running" }), lines);
    expect(html).toContain(`data-live="/runs/${runId(1)}/live" data-after="1.1"`);
    expect((await runPage(aRun(), lines)).html).not.toContain("data-live");
  });

  test("what is not there is said: nothing written, dropped, missing, not captured", async () => {
    const output = { stdout_bytes: 5, stderr_bytes: 0, dropped_bytes: 0, complete: true };
    expect((await runPage(aRun())).words).toContain("Nothing was written.");
    expect((await runPage(aRun({ status: "running" }))).words).toContain("Nothing written yet.");
    const dropped = await runPage(
      aRun({ output: { ...output, dropped_bytes: 1536 } }),
      outputOf(["stdout", "x"]),
    );
    expect(dropped.words).toContain(
      "1.5 KB more were written and not kept: a run's output is kept up to 512 MB.",
    );
    expect(dropped.words).not.toContain("Nothing was written");
    expect((await runPage(aRun({ output: { ...output, complete: false } }))).words).toContain(
      "Output may be missing",
    );
    const underWay = aRun({ status: "running", output: { ...output, complete: false } });
    expect((await runPage(underWay)).words).not.toContain("missing");
    expect((await runPage(aRun({ capture: "none", command: null }))).words).toContain(
      "output is not captured",
    );
  });

  test("more rows than a page holds are counted", async () => {
    const { words } = await runPage(aRun(), outputOf(["stdout", "x\n".repeat(6234)]));
    expect(words).toContain("1,234 earlier lines are left out here");
  });

  test("more output than a page reads is told without a number of lines, which nobody counted", async () => {
    const [piece] = outputOf(["stdout", "x\n".repeat(6234)]);
    if (!piece) throw new Error("one piece");
    const { words } = await runPage(aRun(), [{ ...piece, offset: 1_000_000 }]);
    expect(words).toContain("Earlier output is left out here");
    expect(words).not.toContain("earlier lines");
    const ports = memoryPorts([aRun()], { [runId(1)]: outputOf(["stdout", "all of this stream\n"]) });
    ports.outputBefore = runId(1);
    expect((await get(ports, `/runs/${runId(1)}`)).html).toContain("Earlier output is left out here");
  });

  test("a stream can be had raw, as text that no browser takes for anything else", async () => {
    const hostile = "<script>alert(1)</script>";
    const ports = memoryPorts([aRun()], { [runId(1)]: outputOf(["stdout", hostile], ["stderr", "no"]) });
    const { response, html } = await get(ports, `/runs/${runId(1)}/output/stdout`);
    expect(html).toBe(hostile);
    expect(response.headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(response.headers.get("Content-Disposition")).toBe(`inline; filename="${runId(1)}.stdout.txt"`);
    expect(response.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    expect((await get(ports, `/runs/${runId(1)}/output/other`)).response.status).toBe(404);
    expect((await get(ports, `/runs/${runId(9)}/output/stdout`)).response.status).toBe(404);
  });

  test("the stream is followed from where the page ended, or where the browser lost it", async () => {
    const ports = memoryPorts([aRun()]);
    await get(ports, `/runs/${runId(1)}/live?after=1.4`);
    await get(ports, `/runs/${runId(1)}/live?after=1.4`, { ...SIGNED_IN, "Last-Event-ID": "1.9" });
    await get(ports, `/runs/${runId(1)}/live?after=`);
    expect(ports.calls.map((call) => call.split(" after ")[1])).toEqual(["1.4", "1.9", "null"]);
  });
});

describe("what the script fetches", () => {
  test("the summary has every part of the page that changes, under the same ids", async () => {
    const ports = memoryPorts([aRun({ status: "running" })]);
    const ids = (html: string) =>
      [...html.matchAll(/id="([\w-]+)"[^>]* data-part/g)].map((match) => match[1]).sort();
    const page = await get(ports, `/runs/${runId(1)}`);
    const part = await get(ports, `/runs/${runId(1)}?part=summary`);
    expect(ids(part.html)).toEqual(["events", "facts", "head", "output-notes", "told"]);
    expect(ids(page.html)).toEqual(ids(part.html));
    expect(part.html).not.toContain("<html");
  });
});

describe("hostile words stay words, wherever a job or its sender can put them", () => {
  const hostile = `"'><script>alert(1)</script><img src=x onerror=alert(2)>&\u202e`;
  const run = aRun({
    name: hostile,
    status: "failed",
    reason: "launch_refused",
    detail: hostile,
    image: hostile,
    command: [hostile],
    script: hostile,
    env: { NAME: hostile },
    files: [{ path: `/${hostile}`, bytes: 1, mode: hostile }],
    tags: { [hostile]: hostile },
    regions: [hostile],
    timeouts: { queue: hostile, boot: hostile, run: hostile, stop: hostile },
    signal: hostile,
    attempts: [anAttempt("failed", { machine_id: hostile, region: hostile, machine_name: hostile })],
  });
  const lines = outputOf(
    ["stdout", `${hostile}\n</pre></div></section><script>alert(3)</script>`],
    ["stderr", hostile],
  );
  const ports = memoryPorts([run, aRun({ ...run, id: runId(2), status: "running", settled_at: null })], {
    [run.id]: lines,
    [runId(2)]: lines,
  });

  test.each([
    "/",
    `/?tag=${encodeURIComponent(`${hostile}:${hostile}`)}`,
    `/?cursor=${encodeURIComponent(hostile)}`,
    `/runs/${runId(1)}`,
    `/runs/${runId(2)}`,
    `/runs/${runId(1)}?part=summary`,
  ])("%s", async (path) => {
    const { response, html } = await get(ports, path);
    expect(response.status).toBe(200);
    expect(html.match(/<script/g) ?? []).toHaveLength(html.includes("<html") ? 1 : 0);
    expect(html).not.toContain("<img");
    const tags = html.replaceAll(/"[^"]*"/g, '""');
    expect(tags).not.toMatch(/<[a-z][^>]*\son\w+\s*=/i);
  });

  test("no page carries a style or a script inline", async () => {
    for (const path of ["/", `/runs/${runId(1)}`, `/runs/${runId(2)}`, "/sign-in"]) {
      const { html } = await get(ports, path, path === "/sign-in" ? {} : SIGNED_IN);
      expect(html).not.toMatch(/<style|\sstyle=|javascript:/i);
      expect(html).not.toMatch(/<script(?![^>]* src="\/assets\/)/);
      expect(html).not.toMatch(/(?:src|href|action)="(?:https?:)?\/\//);
    }
  });
});

describe("headers", () => {
  test("every page, also of an error, has the strict policy and is kept by no cache", async () => {
    for (const path of ["/", `/runs/${runId(1)}`, "/runs/run_unknown", "/sign-in"]) {
      const { response } = await get(memoryPorts([aRun()]), path);
      expect(response.headers.get("Content-Security-Policy"), path).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      );
      expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect(response.headers.get("Referrer-Policy")).toBe("same-origin");
      expect(response.headers.get("Cache-Control")).toBe("no-store");
    }
  });
});

test("mounted at / it leaves the paths of others alone", async () => {
  const app = new Hono();
  app.route("/", createDashboard(memoryPorts([aRun()])));
  app.get("/healthz", (c) => c.text("ok"));
  app.post("/v1/runs", (c) => c.text("accepted", 202));
  app.notFound((c) => c.json({ error: "not_found" }, 404));
  const health = await app.request("/healthz");
  expect(await health.text()).toBe("ok");
  expect(health.headers.get("Content-Security-Policy")).toBeNull();
  expect((await app.request("/v1/runs", { method: "POST" })).status).toBe(202);
  expect((await app.request("/nothing")).headers.get("Content-Type")).toContain("application/json");
  const page = await app.request("/", { headers: SIGNED_IN });
  expect(page.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
  const foreign = await app.request("/sign-out", {
    method: "POST",
    headers: { Origin: "https://evil.example" },
  });
  expect(foreign.status).toBe(403);
  expect(await foreign.text()).toContain("did not come from a page of this Mayfly");
});

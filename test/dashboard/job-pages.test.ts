/** The pages of jobs and schedules as the server renders them: what they say, what their forms do, and what they never carry. */

import { describe, expect, test } from "vitest";
import { AppError } from "../../src/core/error.ts";
import { INPUT_MAX_BYTES, PAGE_JOBS_MAX } from "../../src/core/limits.ts";
import { createDashboard } from "../../src/dashboard/dashboard.tsx";
import { aFiring, aJob, anAlert, aSchedule, aVersion } from "./job-factory.ts";
import type { JobsInMemory } from "./memory-job-ports.ts";
import { type MemoryPorts, memoryPorts, SIGNED_IN } from "./memory-ports.ts";
import { aRun, at, runId } from "./run-factory.ts";

function portsOf(known: Partial<JobsInMemory>, runs = [aRun({ job: { name: "nightly", version: 3 } })]) {
  const ports = memoryPorts(runs);
  Object.assign(ports.known, known);
  return ports;
}

async function get(ports: MemoryPorts, path: string, headers: Record<string, string> = SIGNED_IN) {
  const response = await createDashboard(ports).request(path, { headers });
  const html = await response.text();
  return { response, html, words: wordsOf(html) };
}

async function post(ports: MemoryPorts, path: string, form: Record<string, string> = {}, headers = {}) {
  const response = await createDashboard(ports).request(path, {
    method: "POST",
    body: new URLSearchParams(form),
    headers: { ...SIGNED_IN, Origin: "http://localhost", ...headers },
  });
  const html = await response.text();
  return { response, html, words: wordsOf(html), to: response.headers.get("Location") };
}

/** The page's words, without its markup. */
const wordsOf = (html: string): string =>
  html
    .replaceAll(/<head>.*?<\/head>/gs, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll(/\s+/g, " ");

describe("the list of jobs", () => {
  test("shows what comes next and what came last, and who rests", async () => {
    const ports = portsOf({
      jobs: [
        aJob({ name: "by-hand" }),
        aJob({ description: "Makes the report", paused_at: at(5000) }),
        aJob({ name: "weekly" }),
      ],
      schedules: [
        aSchedule(),
        aSchedule({ name: "hourly", paused_by: ["hand"], next_due_at: null }),
        aSchedule({ job: "weekly", paused_by: ["job"], next_due_at: null }),
      ],
    });
    const { words, html } = await get(ports, "/jobs");
    expect(words).toMatch(
      /by-hand version 3 no schedule no run yet nightly Paused Makes the report version 3 due in 13h 30m 2 schedules, 1 paused Succeeded 1m ago/,
    );
    expect(words).toContain("1 schedule, paused no run yet");
    expect(html).toContain('<a href="/jobs/nightly">nightly</a>');
    expect(html).toContain(`href="/runs/${runId(1)}"`);
  });

  test("is shown in pages, and before the first job says how to define one", async () => {
    const names = Array.from({ length: PAGE_JOBS_MAX + 1 }, (_, n) => `job-${String(n).padStart(3, "0")}`);
    const ports = portsOf({ jobs: names.map((name) => aJob({ name })) });
    const { html } = await get(ports, "/jobs");
    expect(html).toContain(`<a rel="next" href="/jobs?cursor=${names.at(-2)}">Next</a>`);
    const second = await get(ports, `/jobs?cursor=${names.at(-2)}`);
    expect(second.words).toContain(`${names.at(-1)} `);
    expect(second.html).toContain('<a href="/jobs">First page</a>');
    expect((await get(portsOf({}), "/jobs")).words).toContain("curl -X PUT http://localhost/v1/jobs/hello");
  });
});

describe("a job's page", () => {
  test("shows its definition, versions, schedules and runs", async () => {
    const ports = portsOf({
      jobs: [
        aJob({
          labels: { team: "data" },
          expect_every: "25h",
          last_alert: anAlert(),
          on: [{ job: "build" }],
        }),
      ],
      versions: [aVersion(3, { change: "rollback", rolled_back_to: 1 }), aVersion(2), aVersion(1)],
      schedules: [aSchedule({ last_firing: aFiring({ run_id: runId(1), late_ms: 340 }) })],
    });
    const { words, html } = await get(ports, "/jobs/nightly");
    expect(words).toContain(
      "at-two at 02:30 every day, Europe/Berlin next due in 13h 30m Sun 2026-11-22 02:30 Europe/Berlin Sun 2026-11-22 01:30 UTC Ran 1h ago , 340 ms late Succeeded",
    );
    expect(words).toContain("command: [make, report]");
    expect(words).toContain("team : data");
    expect(words).toContain("to succeed at least once in 25h");
    expect(words).toContain("Starts after build succeeded");
    expect(words).toContain("Silent: no run has succeeded for 25h, 9m ago . All alerts of the job");
    expect(words).toMatch(
      /3 in force, version 1 again, put 2h ago Changes 2 put 2h ago Changes 1 put 2h ago/,
    );
    expect(html).toContain('href="/jobs/nightly/diff?from=2&amp;to=3"');
    expect(html).toContain(`href="/runs/${runId(1)}"`);
  });

  test("its form runs it once, however often it is sent, and leads to the run", async () => {
    const ports = portsOf({ jobs: [aJob()] });
    const { html } = await get(ports, "/jobs/nightly");
    const once = /name="once" value="([\w-]+)"/.exec(html)?.[1] ?? "";
    expect(once.length).toBeGreaterThan(20);
    expect((await get(ports, "/jobs/nightly")).html).not.toContain(once);
    const sent = await post(ports, "/jobs/nightly/run", { input: '{"a": 1}', once });
    expect([sent.response.status, sent.to]).toEqual([303, `/runs/${runId(1)}`]);
    expect(ports.calls).toContain(`run nightly {"a": 1} ${once}`);
  });

  test("a refused input is shown again with what is wrong with it", async () => {
    const refusal = new AppError("invalid_input", "must be one of staging, prod", "input.env");
    const ports = portsOf({ jobs: [aJob()], refusal });
    const input = '{"env": "</textarea><script>alert(1)</script>"}';
    const { response, words, html } = await post(ports, "/jobs/nightly/run", { input, once: "x" });
    expect(response.status).toBe(422);
    expect(words).toContain("input.env: must be one of staging, prod");
    expect(html).toContain(
      "{&quot;env&quot;: &quot;&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;}</textarea>",
    );
    expect(html).toContain("<details open");
  });

  test("an input as large as one can be gets through the form, and a larger form does not", async () => {
    const ports = portsOf({ jobs: [aJob()] });
    const input = "ä".repeat(INPUT_MAX_BYTES / 2);
    expect((await post(ports, "/jobs/nightly/run", { input, once: "x" })).response.status).toBe(303);
    const tooLarge = await post(ports, "/jobs/nightly/run", { input: input.repeat(2), once: "x" });
    expect([
      tooLarge.response.status,
      tooLarge.words.includes("more than a form of this page can have"),
    ]).toEqual([413, true]);
  });

  test("can be paused and resumed, and says what that means", async () => {
    const ports = portsOf({ jobs: [aJob()] });
    expect((await get(ports, "/jobs/nightly")).html).toContain('action="/jobs/nightly/pause"');
    expect((await post(ports, "/jobs/nightly/pause")).to).toBe("/jobs/nightly");
    const { words, html } = await get(ports, "/jobs/nightly");
    expect(words).toContain("its schedules rest. Whoever asks for a run still gets one.");
    expect(html).toContain('action="/jobs/nightly/resume"');
    await post(ports, "/jobs/nightly/resume");
    expect(ports.calls).toEqual([
      "list  - null",
      "pause nightly true",
      "list  - null",
      "pause nightly false",
    ]);
  });

  test("follows its runs while one is under way, and only then", async () => {
    const job = { name: "nightly", version: 3 };
    const open = portsOf({ jobs: [aJob()] }, [aRun({ job, status: "running" })]);
    expect((await get(open, "/jobs/nightly")).html).toContain(
      'data-list="/jobs/nightly?part=list" data-refresh=""',
    );
    const part = await get(open, "/jobs/nightly?part=list");
    expect(part.html).toMatch(/^<section id="runs" data-part/);
    expect((await get(portsOf({ jobs: [aJob()] }), "/jobs/nightly")).html).not.toContain("data-refresh");
  });
});

describe("versions", () => {
  const run = { image: "debian:13", command: ["make", "report"], env: { LEVEL: "<b>" } };
  const known = { jobs: [aJob()], versions: [aVersion(3), aVersion(2, { run }), aVersion(1)] };

  test("one is shown as it was put, with the way back to it", async () => {
    const ports = portsOf(known);
    const { html, words } = await get(ports, "/jobs/nightly/versions/2");
    expect(words).toContain("image: debian:13");
    expect(html).toContain('<input type="hidden" name="expected" value="3"/>');
    expect((await get(ports, "/jobs/nightly/versions/3")).html).not.toContain("/rollback");
    expect((await post(ports, "/jobs/nightly/rollback", { version: "2", expected: "3" })).to).toBe(
      "/jobs/nightly",
    );
    expect(ports.calls).toEqual(["rollback nightly 2 from 3"]);
    const late = await post(ports, "/jobs/nightly/rollback", { version: "2", expected: "1" });
    expect([late.response.status, late.words.includes("version 3 of nightly is in force.")]).toEqual([
      409,
      true,
    ]);
  });

  test("two are compared path by path", async () => {
    const { html, words } = await get(portsOf(known), "/jobs/nightly/diff?from=1&to=2");
    expect(words).toMatch(/run.image version 1 debian:12 version 2 debian:13/);
    expect(words).toContain("run.env version 1 not there version 2");
    expect(html).toContain("LEVEL: &quot;&lt;b&gt;&quot;");
    const same = await get(portsOf(known), "/jobs/nightly/diff?from=1&to=3");
    expect(same.words).toContain("The two say the same.");
  });

  test("are listed in pages, also of a job that was deleted", async () => {
    const ports = portsOf({
      ...known,
      versions: Array.from({ length: 60 }, (_, n) => aVersion(60 - n)),
    });
    ports.getJob = async () => null;
    const { html, words } = await get(ports, "/jobs/nightly/versions");
    expect(words).toContain("nightly (deleted)");
    expect(html).toContain('href="/jobs/nightly/versions?before=11">Older');
  });

  test.each([
    ["/jobs/nightly/diff?from=0&to=2", "from must be the number of a version"],
    ["/jobs/nightly/diff?from=1", "to must be the number of a version"],
    ["/jobs/nightly/versions/x", "version must be the number of a version"],
    ["/jobs/nightly/versions?before=-1", "before must be the number of a version"],
  ])("%s is refused with what is accepted", async (path, sentence) => {
    const { response, words } = await get(portsOf(known), path);
    expect([response.status, words.includes(sentence)]).toEqual([400, true]);
  });
});

describe("schedules", () => {
  test("of all jobs are listed with when they are due, what became of the last time, and who has them rest", async () => {
    const ports = portsOf({
      schedules: [
        aSchedule({ last_firing: aFiring({ outcome: "skipped" }) }),
        aSchedule({ name: "b", timezone: "UTC" }),
        aSchedule({ name: "c", timezone: null, next_due_at: null, is_over: true }),
        aSchedule({ name: "d", paused_by: ["hand", "job"], next_due_at: null }),
        aSchedule({
          name: "e",
          last_firing: aFiring({ outcome: "missed", count: 10_000, is_count_exact: false }),
        }),
      ],
    });
    const { words, html } = await get(ports, "/schedules");
    expect(words).toContain(
      "nightly / at-two at 02:30 every day, Europe/Berlin next due in 13h 30m Sun 2026-11-22 02:30 Europe/Berlin Sun 2026-11-22 01:30 UTC Skipped 1h ago",
    );
    expect(words).toContain("next due over");
    expect(words).toContain("Paused by hand and with its job");
    expect(words).toContain("Missed 1h ago , more than 10,000 due times");
    // By a zone's clocks that are UTC's the second line is the script's alone.
    expect(html).toMatch(/data-local="2026-11-22T01:30:00.000Z" hidden=""/);
    expect(html).toContain('<a href="/schedules/nightly/at-two">');
    expect((await get(ports, "/schedules?job=none")).words).toContain("No such schedules. Show all");
  });

  test("one of on: fly tells its machine and what stands in its way, and no time, which Fly alone knows", async () => {
    const fly = { app: "pool-a", machine_id: "e286123f790d86", problem: "its job has no image" };
    const ofFly = aSchedule({ rule: "each hour, by Fly", timezone: null, next_due_at: null, fly });
    const ports = portsOf({
      schedules: [ofFly],
      ledgers: { "nightly/at-two": [aFiring({ trigger: "fly" })] },
    });
    expect((await get(ports, "/schedules")).words).toContain("next due when Fly starts it");
    const { words } = await get(ports, "/schedules/nightly/at-two");
    expect(words).toContain("Fly starts its machine e286123f790d86 in pool-a its job has no image");
    expect(words).toContain("Ran started by Fly");
    expect(words).not.toContain("After an outage");
    expect(words).not.toContain("Not any more");
  });

  const ledger = [
    aFiring({ due_at: at(-20_000), outcome: "armed" }),
    aFiring({ due_at: at(60_000), run_id: runId(1), late_ms: 1240 }),
    aFiring({
      due_at: at(120_000),
      outcome: "skipped",
      why: "the previous run was <b>still</b> at work",
      blocked_by: runId(6),
    }),
    aFiring({ due_at: at(180_000), outcome: "caught_up", trigger: "backfill", run_id: runId(7) }),
    aFiring({ due_at: at(90_000_000), outcome: "missed", count: 24, through: at(3_600_000) }),
  ];
  const withLedger = () =>
    portsOf({ schedules: [aSchedule()], ledgers: { "nightly/at-two": ledger, "nightly/gone": ledger } }, [
      aRun({ status: "failed" }),
    ]);

  test("one is shown with its ledger: each due time with its outcome, lateness, run and why", async () => {
    const { words, html } = await get(withLedger(), "/schedules/nightly/at-two");
    expect(words).toContain("Due, Europe/Berlin Outcome Run Late Age");
    expect(words).toContain("Sat 2026-11-21 13:00:20 Sat 2026-11-21 12:00:20 UTC About to run");
    expect(words).toContain(
      "Sat 2026-11-21 12:59 Sat 2026-11-21 11:59 UTC Ran Failed exit code 7 1.24 s late 1m ago",
    );
    expect(words).toContain(
      `Skipped the previous run was &lt;b&gt;still&lt;/b&gt; at work ${runId(6)} 2m ago`,
    );
    expect(html).toContain(`href="/runs/${runId(6)}"`);
    expect(words).toMatch(/Caught up backfill run_\w+007 3m ago/);
    expect(words).toContain("24 due times, through Sat 2026-11-21 12:00 Sat 2026-11-21 11:00 UTC Missed");
    expect(words).toContain(
      "Next due by the clocks of Europe/Berlin Sun 2026-11-22 02:30 Sun 2026-11-22 01:30 UTC in 13h 30m",
    );
    expect(html).toContain('id="due-1795262340000"');
    expect(html).toContain('<noscript><meta http-equiv="refresh" content="5"></noscript>');
  });

  test("its ledger is filtered by outcome and kept where the schedule is gone", async () => {
    const ports = withLedger();
    const { words } = await get(ports, "/schedules/nightly/at-two?outcome=skipped");
    expect(words).toContain("Skipped the previous run");
    expect(words).not.toContain("backfill");
    const gone = await get(ports, "/schedules/nightly/gone");
    expect(gone.words).toContain("This schedule is not there any more. Its ledger stays.");
    expect(gone.html).not.toContain("/gone/pause");
    expect((await get(ports, "/schedules/nightly/never")).response.status).toBe(404);
    const wrong = await get(ports, "/schedules/nightly/at-two?outcome=bogus");
    expect(wrong.words).toContain("outcome must be one of armed, ran, caught_up");
  });

  test("its page is followed while something is under way, and else from its next due time on", async () => {
    const path = "/schedules/nightly/at-two";
    expect((await get(withLedger(), path)).html).toContain(`data-list="${path}?part=list" data-refresh=""`);
    const quiet = portsOf({ schedules: [aSchedule()] });
    expect((await get(quiet, path)).html).toContain('data-refresh="2026-11-22T01:30:00.000Z"');
    const ids = (html: string) =>
      [...html.matchAll(/id="([\w-]+)"[^>]* data-part/g)].map((match) => match[1]).sort();
    const part = await get(withLedger(), `${path}?part=list`);
    expect(ids(part.html)).toEqual(["ledger", "next-times", "schedule-head"]);
    expect(ids((await get(withLedger(), path)).html)).toEqual(ids(part.html));
  });

  test("can be run now, which leads to its row of the ledger, paused and resumed", async () => {
    const ports = withLedger();
    const ran = await post(ports, "/schedules/nightly/at-two/run");
    expect(ran.to).toBe("/schedules/nightly/at-two?cursor=2026-11-21T12%3A00%3A00.001Z#due-1795262400000");
    expect((await post(ports, "/schedules/nightly/at-two/pause")).to).toBe("/schedules/nightly/at-two");
    const { words } = await get(ports, "/schedules/nightly/at-two");
    expect(words).toContain("Resume schedule");
    expect(words).toContain("Would be due");
    await post(ports, "/schedules/nightly/at-two/resume");
    expect(ports.calls).toEqual([
      "run nightly/at-two",
      "pause nightly/at-two true",
      "pause nightly/at-two false",
    ]);
  });

  test("a run's page leads to its job, its version and its due time", async () => {
    const run = aRun({
      job: { name: "nightly", version: 2 },
      firing: { schedule: "at-two", due_at: at(60_000) },
    });
    const { html } = await get(portsOf({}, [run]), `/runs/${run.id}`);
    for (const path of [
      "/jobs/nightly",
      "/jobs/nightly/versions/2",
      "/schedules/nightly/at-two",
      "/schedules/nightly/at-two?cursor=2026-11-21T11%3A59%3A00.001Z#due-1795262340000",
    ])
      expect(html).toContain(`href="${path}"`);
  });
});

test("alerts are listed, of all jobs or one", async () => {
  const ports = portsOf({
    alerts: [
      anAlert({
        type: "schedule_late",
        schedule: "at-two",
        run_id: runId(1),
        detail: "its run did not start",
      }),
      anAlert({ job: "other" }),
    ],
  });
  const { words, html } = await get(ports, "/alerts");
  expect(words).toContain("Late nightly / at-two");
  expect(words).toContain("Silent other");
  expect(html).toContain('href="/schedules/nightly/at-two"');
  expect((await get(ports, "/alerts?job=other")).words).not.toContain("nightly");
});

const PAGES = ["/jobs", "/jobs/nightly", "/schedules", "/schedules/nightly/at-two", "/alerts"];

describe("who may", () => {
  test("nobody who is not signed in sees a page or sends a form", async () => {
    const ports = portsOf({ jobs: [aJob()], schedules: [aSchedule()] });
    for (const path of [...PAGES, "/jobs/nightly/versions", "/jobs/nightly/diff"]) {
      const { response } = await get(ports, path, {});
      expect([response.status, response.headers.get("Location")?.startsWith("/sign-in?next=")], path).toEqual(
        [302, true],
      );
    }
    const forms = [
      "/jobs/nightly/run",
      "/jobs/nightly/pause",
      "/jobs/nightly/resume",
      "/jobs/nightly/rollback",
      "/schedules/nightly/at-two/run",
      "/schedules/nightly/at-two/pause",
      "/schedules/nightly/at-two/resume",
    ];
    for (const path of forms) {
      expect((await post(ports, path, {}, { Cookie: "" })).to, path).toBe("/sign-in");
      const foreign = await post(ports, path, {}, { Origin: "https://evil.example" });
      expect(foreign.response.status, path).toBe(403);
    }
    expect(ports.calls).toEqual([]);
  });

  test("what is not there is a page that repeats nothing of the request", async () => {
    const ports = portsOf({});
    for (const path of [
      "/jobs/nothere",
      "/jobs/nothere/versions",
      "/jobs/nothere/versions/1",
      "/schedules/no/nothere",
    ]) {
      const { response, html } = await get(ports, path);
      expect([response.status, html.includes("nothere")], path).toEqual([404, false]);
    }
    for (const path of [
      "/jobs/nothere/pause",
      "/jobs/nothere/run",
      "/schedules/no/nothere/run",
      "/schedules/no/nothere/pause",
    ])
      expect((await post(ports, path)).response.status, path).toBe(404);
  });
});

test("hostile words stay words, and every page has the strict policy and nothing inline", async () => {
  const hostile = `"'></pre><script>alert(1)</script><img src=x onerror=alert(2)>&\u202e`;
  const firing = aFiring({ run_id: runId(1), why: hostile });
  const alert = anAlert({ detail: hostile, schedule: hostile });
  const ports = portsOf({
    jobs: [
      aJob({
        description: hostile,
        labels: { [hostile]: hostile },
        run: { image: hostile, env: { [hostile]: `${hostile}\n${hostile}` } },
        input_schema: { examples: [hostile] },
        last_alert: alert,
      }),
    ],
    versions: [aVersion(2, { description: hostile, run: { image: hostile } }), aVersion(1)],
    schedules: [aSchedule({ rule: hostile, last_firing: firing, last_alert: alert })],
    ledgers: { "nightly/at-two": [firing] },
    alerts: [alert],
  });
  const cursor = encodeURIComponent(hostile);
  for (const path of [
    ...PAGES,
    "/jobs/nightly?part=list",
    "/jobs/nightly/versions/2",
    "/jobs/nightly/diff?from=1&to=2",
    `/jobs?cursor=${cursor}`,
    `/schedules?cursor=${cursor}&job=${cursor}`,
    `/alerts?job=${cursor}`,
    "/schedules/nightly/at-two?part=list",
  ]) {
    const { response, html } = await get(ports, path);
    expect(response.status, path).toBe(200);
    expect(response.headers.get("Content-Security-Policy")).toContain(
      "default-src 'none'; script-src 'self'",
    );
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(html.match(/<script/g) ?? [], path).toHaveLength(html.includes("<html") ? 1 : 0);
    expect(html, path).not.toContain("<img");
    expect(html).not.toMatch(/<style|\sstyle=|javascript:/i);
    const shown = html.replaceAll(/"[^"]*"/g, '""').replaceAll(/<textarea[^>]*>[^<]*/g, "");
    expect(shown, path).not.toMatch(/<[a-z][^>]*\son\w+\s*=/i);
    // What turns the order of what is read around is spelt out, but where somebody edits it.
    expect([...shown.matchAll(/.{0,80}\u202e/g)].map(String), path).toEqual([]);
  }
});

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
const aFiring = (changes: object = {}) => ({
  due_at: "2026-11-21T10:00:00.000Z",
  outcome: "ran",
  trigger: "rule",
  run_id: RUN_ID,
  late_ms: 12,
  why: null,
  blocked_by: null,
  run: { status: "succeeded", reason: null, waiting_for: null },
  decided_at: "2026-11-21T10:00:00.012Z",
  count: 1,
  is_count_exact: true,
  through: "2026-11-21T10:00:00.000Z",
  ...changes,
});
const aSchedule = (changes: object = {}) => ({
  job: "nightly",
  name: "at-two",
  rule: "at 02:00 every day, Europe/Berlin",
  paused_by: [],
  next_due_at: "2026-11-22T01:00:00.000Z",
  fly: null,
  last_firing: aFiring(),
  ...changes,
});
const schedules = (...args: string[]) => mayfly(["schedules", ...args], stub, fakeIo({ now: () => NOW }));
const sent = () => JSON.parse(stub.seen.find(({ method }) => method === "POST")?.body ?? "null");

test("list has all pages, with what is next and what was last", async () => {
  const other = aSchedule({
    name: "hourly",
    paused_by: ["hand", "job"],
    next_due_at: null,
    last_firing: null,
  });
  stub.on(
    "GET /v1/schedules",
    json({ schedules: [aSchedule()], next_cursor: "nightly/at-two" }),
    json({ schedules: [other], next_cursor: null }),
  );
  const { exitCode, stdout } = await schedules("list");
  expect(exitCode).toBe(0);
  expect(stdout.split("\n")).toEqual([
    expect.stringMatching(/^SCHEDULE +DUE +NEXT +LAST$/),
    expect.stringMatching(/^nightly\/at-two +at 02:00 every day, Europe\/Berlin +in 14h 55m +ran$/),
    expect.stringMatching(/^nightly\/hourly .* paused by hand, job$/),
    "",
  ]);
});

test("list tells of one that Fly fires what stands in its way, or that nobody knows when it is due", async () => {
  const onFly = (name: string, problem: string | null) =>
    aSchedule({ name, next_due_at: null, fly: { app: "runs", machine_id: null, problem } });
  const page = [onFly("fine", null), onFly("stuck", "no room in ams")];
  stub.on("GET /v1/schedules", json({ schedules: page, next_cursor: null }));
  const { stdout } = await schedules("list");
  expect(stdout.split("\n").slice(1)).toEqual([
    expect.stringMatching(/^nightly\/fine .* when Fly starts it +ran$/),
    expect.stringMatching(/^nightly\/stuck .* no room in ams +ran$/),
    "",
  ]);
});

test("next prints the times alone", async () => {
  stub.on("GET /v1/schedules/nightly/at-two/next", json({ due_at: ["2026-11-22T01:00:00.000Z"] }));
  const { stdout } = await schedules("next", "nightly/at-two", "--count", "1");
  expect(stdout).toBe("2026-11-22T01:00:00.000Z\n");
});

test("firings shows how late each was and its run, or why it has none", async () => {
  const firings = [
    aFiring(),
    aFiring({ outcome: "skipped", run_id: null, run: null, late_ms: null, why: "it was at work" }),
    aFiring({ outcome: "skipped", run_id: null, run: null, late_ms: null, blocked_by: RUN_ID }),
    aFiring({ run: { status: "queued", reason: null, waiting_for: "schedule" } }),
    aFiring({
      outcome: "missed",
      run: null,
      run_id: null,
      late_ms: null,
      count: 7200,
      is_count_exact: false,
    }),
  ];
  stub.on("GET /v1/schedules/nightly/at-two/firings", json({ firings, next_cursor: null }));
  const lines = (await schedules("firings", "nightly/at-two")).stdout.split("\n");
  expect(lines[1]).toMatch(new RegExp(`ran +12 ms +${RUN_ID} succeeded$`));
  expect(lines[2]).toMatch(/skipped +it was at work$/);
  expect(lines[3]).toMatch(new RegExp(`skipped +${RUN_ID} was in its way$`));
  expect(lines[4]).toMatch(new RegExp(`${RUN_ID} queued, waits for the previous run$`));
  expect(lines[5]).toMatch(/missed +more than 7200 in a row, through 2026-11-21T10:00:00.000Z$/);
});

test("run prints the run, and fails where there is none", async () => {
  const skipped = aFiring({ outcome: "skipped", run_id: null, why: "it was at work" });
  stub.on("POST /v1/schedules/nightly/at-two/run", json(aFiring()), json(skipped));
  expect((await schedules("run", "nightly/at-two")).stdout).toBe(`${RUN_ID}\n`);
  const again = await schedules("run", "nightly/at-two");
  expect(again.exitCode).not.toBe(0);
  expect(again.stderr).toContain("nightly/at-two was not run: it was at work");
});

test("run is asked for again under its key where the answer is lost, and each run has a key of its own", async () => {
  stub.on("POST /v1/schedules/nightly/at-two/run", cut, json(aFiring()), json(aFiring()));
  for (let times = 0; times < 2; times++)
    expect((await schedules("run", "nightly/at-two")).stdout).toBe(`${RUN_ID}\n`);
  const [lost, again, other] = stub.seen.map(({ headers }) => headers["idempotency-key"]);
  expect(lost).toMatch(/^[\da-f-]{36}$/);
  expect(again).toBe(lost);
  expect(other).not.toBe(lost);
});

test("pause and resume say what holds then", async () => {
  stub.on("POST /v1/schedules/nightly/at-two/pause", json(aSchedule({ paused_by: ["hand"] })));
  stub.on("POST /v1/schedules/nightly/at-two/resume", json(aSchedule()));
  expect((await schedules("pause", "nightly/at-two")).stdout).toBe("nightly/at-two is paused by hand\n");
  expect((await schedules("resume", "nightly/at-two")).stdout).toBe(
    "nightly/at-two is due at 2026-11-22T01:00:00.000Z\n",
  );
});

test("backfill only tells, unless it is told to", async () => {
  const body = {
    preview: true,
    due_at: ["2026-11-01T00:00:00.000Z"],
    already_run: 2,
    older_than_ledger: 0,
    armed: 0,
  };
  const armed = { ...body, older_than_ledger: 1, armed: 1 };
  stub.on("POST /v1/schedules/nightly/at-two/backfill", json(body), json(armed));
  const stretch = ["--from", "2026-11-01T00:00:00Z", "--to", "2026-11-02T00:00:00Z"];
  const told = await schedules("backfill", "nightly/at-two", ...stretch);
  expect(told.stdout).toBe("2026-11-01T00:00:00.000Z\n");
  expect(told.stderr).toContain("1 would be run; --yes runs them; 2 have a run already");
  expect(sent()).toMatchObject({ preview: true });
  const done = await schedules("backfill", "nightly/at-two", ...stretch, "--yes");
  expect(done.stderr).toContain("1 are run now; 2 have a run already; 1 are older than the ledger tells of");
});

test("a schedule that is not there, or is no name of one, is told so", async () => {
  stub.on(
    "GET /v1/schedules/nightly/other/next",
    problem(404, "not_found", "there is no schedule other of a job nightly; it has at-two", "path.name"),
  );
  const { stderr } = await schedules("next", "nightly/other");
  expect(stderr).toContain("there is no schedule other of a job nightly; it has at-two");
  expect(stderr).toContain("schedules list");
  expect((await schedules("next", "nightly")).stderr).toContain("a job and a schedule of it");
});

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type {
  BackfillBody,
  FiringBody,
  FiringListBody,
  NextDueBody,
  ScheduleListBody,
  StoredScheduleBody,
} from "../../../src/api/firing-schema.ts";
import { IDEMPOTENCY_KEY_MAX_CHARS } from "../../../src/core/limits.ts";
import { apiPorts } from "../../../src/worker/ports.ts";
import { call, put, RUN } from "../jobs/call.ts";

const MINUTE = 60_000;
const ports = apiPorts(env);
/** Far from now, so that nothing fires by itself. */
const YEARLY = { name: "yearly", cron: "0 0 1 1 *", timezone: "Europe/Berlin" };

async function aJob(name: string, schedules: object[], more: object = {}) {
  const answer = await put(name, { run: RUN, schedules, ...more });
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer;
}

const of = <T>(method: string, job: string, path: string, body?: unknown) =>
  call<T>(method, `/v1/schedules/${job}/${path}`, body);

describe("a schedule whose times are past", () => {
  const past = [
    { name: "at", at: ["2020-01-01T00:00:00Z"] },
    { name: "ended", every: "1h", ends: "2020-01-01T00:00:00Z" },
    YEARLY,
  ];

  it("is taken each time that it is put, with a note, and is over", async () => {
    const { body, status } = await aJob("past", past);
    expect([status, body.outcome, body.notes]).toEqual([
      201,
      "created",
      [
        { path: "schedules.0.at", message: "is past: the schedule is never due again" },
        { path: "schedules.1.ends", message: "is past: the schedule is never due again" },
      ],
    ]);
    const again = await aJob("past", past);
    expect([again.body.outcome, again.body.notes]).toEqual(["unchanged", body.notes]);
    await call("POST", "/v1/schedules/past/at/pause");
    const { schedules } = (await call<ScheduleListBody>("GET", "/v1/schedules?job=past")).body;
    expect(schedules.map(({ name, is_over, next_due_at }) => [name, is_over, next_due_at !== null])).toEqual([
      ["at", true, false],
      ["ended", true, false],
      ["yearly", false, true],
    ]);
  });
});

describe("a job's definition has schedules", () => {
  it("which are listed with when they are due next, and shown", async () => {
    await aJob("listed", [
      YEARLY,
      { every: "7d", overlap: "queue", catch_up: { mode: "all", window: "2h" }, punctual: true },
    ]);
    const list = await call<ScheduleListBody>("GET", "/v1/schedules?job=listed");
    expect(list.body.schedules.map(({ name }) => name)).toEqual(["every-168h", "yearly"]);
    expect(list.body.schedules[1]).toMatchObject({
      job: "listed",
      rule: expect.stringContaining("Europe/Berlin"),
      overlap: "skip",
      catch_up: { mode: "latest", window: "1d", after_pause: false },
      paused_by: [],
      last_firing: null,
    });
    expect(list.body.schedules.map(({ punctual }) => punctual)).toEqual([true, false]);
    expect(list.body.schedules[1]?.next_due_at).toMatch(/-12-31T23:00:00\.000Z$/);
    const shown = await of<StoredScheduleBody>("GET", "listed", "every-168h");
    expect(shown.body).toEqual(list.body.schedules[0]);
    const job = await call("GET", "/v1/jobs/listed");
    expect(job.body).toMatchObject({ schedules: [YEARLY, { every: "7d" }] });
  });

  it("in pages, over all jobs", async () => {
    await aJob("zz-one", [YEARLY, { ...YEARLY, name: "other" }]);
    await aJob("zz-two", [YEARLY]);
    const seen: string[] = [];
    for (let cursor: string | null = "zz/a"; cursor !== null; ) {
      const page: { body: ScheduleListBody } = await call<ScheduleListBody>(
        "GET",
        `/v1/schedules?limit=1&cursor=${cursor}`,
      );
      seen.push(...page.body.schedules.map(({ job, name }) => `${job}/${name}`));
      cursor = page.body.next_cursor;
    }
    expect(seen).toEqual(["zz-one/other", "zz-one/yearly", "zz-two/yearly"]);
  });

  for (const [what, schedule, path, message] of [
    ["no rule", {}, "schedules.0", "needs one of cron, every and at"],
    ["two rules", { cron: "@daily", every: "1h" }, "schedules.0.every", "give one of cron, every and at"],
    ["a cron that is none", { cron: "61 * * * *" }, "schedules.0.cron", ""],
    ["a cron that never fires", { cron: "0 0 30 2 *" }, "schedules.0.cron", ""],
    ["an unknown zone", { cron: "@daily", timezone: "Mars/Base" }, "schedules.0.timezone", ""],
    [
      "a zone without a cron",
      { every: "1h", timezone: "UTC" },
      "schedules.0.timezone",
      "goes with cron alone",
    ],
    ["an interval that is none", { every: "often" }, "schedules.0.every", "must be a duration"],
    ["an interval of less than a second", { every: "500ms" }, "schedules.0.every", ""],
    ["a time that is none", { at: "tomorrow" }, "schedules.0.at", "RFC 3339"],
    [
      "an end before the start",
      { every: "1h", starts: "2030-01-01T00:00:00Z", ends: "2029-01-01T00:00:00Z" },
      "schedules.0.ends",
      "",
    ],
    ["an unknown overlap", { every: "1h", overlap: "both" }, "schedules.0.overlap", "skip"],
    ["an unknown way to catch up", { every: "1h", catch_up: "some" }, "schedules.0.catch_up", "latest"],
    ["an unknown field", { every: "1h", tz: "UTC" }, "schedules.0.tz", ""],
    ["a bad name", { every: "1h", name: "Nightly!" }, "schedules.0.name", "small letters"],
    ["a word for a yes", { every: "1h", punctual: "yes" }, "schedules.0.punctual", "true or false"],
    ["too much jitter", { every: "1h", jitter: "25h" }, "schedules.0.jitter", ""],
  ] as const)
    it(`${what} is refused by its path`, async () => {
      const answer = await put("refused", { run: RUN, schedules: [schedule] });
      expect(answer.status).toBe(422);
      expect(answer.body.error.path).toBe(path);
      expect(answer.body.error.message).toContain(message);
    });

  it("two of one name, and an input that the job does not take, are refused", async () => {
    const twice = await put("refused", { run: RUN, schedules: [{ every: "1h" }, { every: "60m" }] });
    expect(twice.body.error).toMatchObject({ path: "schedules.1.name" });
    const input_schema = { type: "object", required: ["env"] };
    const input = await put("refused", { run: RUN, input_schema, schedules: [{ every: "1h" }] });
    expect(input.body.error.path).toMatch(/^schedules\.0\.input/);
    await aJob("with-input", [{ every: "7d", input: { env: "prod" } }], { input_schema });
  });
});

describe("by hand", () => {
  it("a schedule runs now, with its row in the ledger, and is skipped while that is at work", async () => {
    await aJob("now", [YEARLY], { run: { image: "debian:12", command: ["sleep", "1"] } });
    const ran = await of<FiringBody>("POST", "now", "yearly/run");
    expect(ran.body).toMatchObject({ outcome: "ran", trigger: "run_now", run_id: expect.any(String) });
    const again = await of<FiringBody>("POST", "now", "yearly/run");
    expect(again.body).toMatchObject({
      outcome: "skipped",
      run_id: null,
      why: expect.any(String),
      run: null,
    });
    expect(again.body.blocked_by).toBe(ran.body.run_id);
    const run = await call<{ firing: object; job: object }>("GET", `/v1/runs/${ran.body.run_id}`);
    expect(run.body).toMatchObject({
      firing: { schedule: "yearly", due_at: ran.body.due_at },
      job: { name: "now", version: 1 },
    });
    const events = await call("GET", `/v1/runs/${ran.body.run_id}/events`);
    expect(events.body).toMatchObject({ events: [{ data: { firing: { schedule: "yearly" } } }, {}, {}] });
    const ledger = await of<FiringListBody>("GET", "now", "yearly/firings");
    expect(ledger.body.firings.map(({ outcome }) => outcome)).toEqual(["skipped", "ran"]);
    const skipped = await of<FiringListBody>("GET", "now", "yearly/firings?outcome=skipped");
    expect(skipped.body.firings).toHaveLength(1);
    const pageOf = (cursor: string) =>
      of<FiringListBody>("GET", "now", `yearly/firings?limit=1&cursor=${encodeURIComponent(cursor)}`);
    const [newest, oldest] = ledger.body.firings;
    const first = await pageOf("2999-01-01T00:00:00Z");
    expect(first.body).toEqual({ firings: [newest], next_cursor: newest?.due_at });
    for (const cursor of [newest?.due_at, `${newest?.due_at}/several`])
      expect((await pageOf(cursor ?? "")).body.firings).toEqual([
        cursor === newest?.due_at ? oldest : newest,
      ]);
    for (const cursor of ["", "yesterday", "/several", `${newest?.due_at}/2`]) {
      const refused = await of("GET", "now", `yearly/firings?cursor=${encodeURIComponent(cursor)}`);
      expect([refused.status, refused.body.error.path]).toEqual([422, "query.cursor"]);
      expect(refused.body.error.message).toContain("the next_cursor of the page before");
    }
  });

  it("a call that is repeated under its key is one run, and the key is of one schedule", async () => {
    await aJob("keyed", [YEARLY, { ...YEARLY, name: "other" }]);
    const run = (schedule: string, key: string) =>
      call<FiringBody>("POST", `/v1/schedules/keyed/${schedule}/run`, undefined, {
        "idempotency-key": key,
      });
    const [first, again, next] = [
      await run("yearly", "a"),
      await run("yearly", "a"),
      await run("other", "b"),
    ];
    expect([first.status, again.status, next.status]).toEqual([200, 200, 200]);
    expect(first.body).toMatchObject({ outcome: "ran", trigger: "run_now", run_id: expect.any(String) });
    expect([again.body.run_id, again.body.due_at]).toEqual([first.body.run_id, first.body.due_at]);
    expect(next.body.run_id).not.toBe(first.body.run_id);
    const ledger = await of<FiringListBody>("GET", "keyed", "yearly/firings");
    expect(ledger.body.firings).toHaveLength(1);
    for (const [key, status, code] of [
      ["a", 409, "idempotency_conflict"],
      ["k".repeat(IDEMPOTENCY_KEY_MAX_CHARS + 1), 422, "invalid_input"],
    ] as const) {
      const refused = await run("other", key);
      expect([refused.status, refused.body.error.code, refused.body.error.path]).toEqual([
        status,
        code,
        "header.idempotency-key",
      ]);
    }
  });

  it("its ledger tells what each run is doing, and what it waits for", async () => {
    const later = { ...RUN, delay: "1h" };
    await aJob("doing", [{ ...YEARLY, overlap: "queue" }], { run: later });
    for (let times = 0; times < 2; times++) await of<FiringBody>("POST", "doing", "yearly/run");
    const ledger = await of<FiringListBody>("GET", "doing", "yearly/firings");
    expect(ledger.body.firings.map(({ run }) => run)).toEqual(
      Array(2).fill({ status: "queued", reason: null, waiting_for: null }),
    );
    await aJob("in-line", [{ ...YEARLY, overlap: "queue" }], {
      run: { image: "debian:12", command: ["sleep", "2"] },
    });
    for (let times = 0; times < 2; times++) await of<FiringBody>("POST", "in-line", "yearly/run");
    const shown = await of<StoredScheduleBody>("GET", "in-line", "yearly");
    expect(shown.body.last_firing).toMatchObject({
      outcome: "ran",
      run: { status: "queued", reason: null, waiting_for: "schedule" },
      blocked_by: null,
    });
  });

  it("it is paused and goes on, beside the pause of its job", async () => {
    await aJob("pauses", [YEARLY]);
    expect((await of<StoredScheduleBody>("POST", "pauses", "yearly/pause")).body).toMatchObject({
      paused_by: ["hand"],
      next_due_at: null,
    });
    await call("POST", "/v1/jobs/pauses/pause");
    await of("POST", "pauses", "yearly/resume");
    expect((await of<StoredScheduleBody>("GET", "pauses", "yearly")).body.paused_by).toEqual(["job"]);
    await call("POST", "/v1/jobs/pauses/resume");
    const shown = await of<StoredScheduleBody>("GET", "pauses", "yearly");
    expect(shown.body).toMatchObject({ paused_by: [], next_due_at: expect.any(String) });
  });

  it("its next due times are told", async () => {
    await aJob("next", [YEARLY]);
    const { body } = await of<NextDueBody>("GET", "next", "yearly/next?count=3");
    expect(body.due_at.map((time) => time.slice(4))).toEqual(Array(3).fill("-12-31T23:00:00.000Z"));
    expect((await of("GET", "next", "yearly/next?count=101")).status).toBe(422);
  });

  it("a stretch of the past is told, run once, and bounded", async () => {
    await aJob("filled", [{ name: "h", every: "1h", overlap: "allow", ends: "2021-01-01T00:00:00Z" }]);
    const stretch = { from: "2020-01-01T00:00:00Z", to: "2020-01-01T02:30:00Z" };
    const preview = await of<BackfillBody>("POST", "filled", "h/backfill", stretch);
    expect(preview.body).toEqual({
      preview: true,
      due_at: ["00", "01", "02"].map((hour) => `2020-01-01T${hour}:00:00.000Z`),
      already_run: 0,
      older_than_ledger: 3,
      armed: 0,
    });
    const order = { ...stretch, preview: false };
    expect((await of<BackfillBody>("POST", "filled", "h/backfill", order)).body.armed).toBe(3);
    const again = await of<BackfillBody>("POST", "filled", "h/backfill", order);
    expect(again.body).toMatchObject({ due_at: [], already_run: 3, armed: 0 });
    const runs = async () => (await ports.store.list("default", { ...EVERYTHING, job: "filled" })).runs;
    await expect.poll(async () => (await runs()).length).toBe(3);
    const { body } = await of<FiringListBody>("GET", "filled", "h/firings?outcome=caught_up");
    expect(body.firings.map(({ trigger }) => trigger)).toEqual(Array(3).fill("backfill"));
    const long = await of("POST", "filled", "h/backfill", { ...stretch, to: "2020-12-31T00:00:00Z" });
    expect([long.status, long.body.error.path]).toEqual([422, "to"]);
    const ahead = await of("POST", "filled", "h/backfill", { ...stretch, to: "2999-01-01T00:00:00Z" });
    expect([ahead.status, ahead.body.error.path]).toEqual([422, "to"]);
  });

  it("what is not there is not found", async () => {
    await aJob("known", [YEARLY]);
    for (const [method, path] of [
      ["GET", "other"],
      ["GET", "other/firings"],
      ["GET", "other/next"],
      ["POST", "other/run"],
      ["POST", "other/pause"],
    ] as const) {
      const answer = await of(method, "known", path);
      expect([answer.status, answer.body.error.path]).toEqual([404, "path.name"]);
      expect(answer.body.error.message).toContain("it has yearly");
    }
  });
});

const EVERYTHING = {
  statuses: [],
  tag: null,
  originId: null,
  commit: null,
  branch: null,
  job: null,
  sinceMs: null,
  untilMs: null,
  beforeRunId: null,
  limit: 100,
};

it("a schedule that is put fires on its second, and not with the next minute", async () => {
  const at = Math.ceil(Date.now() / 1000) * 1000 + 2000;
  await aJob("soon", [{ name: "once", at: new Date(at).toISOString() }]);
  const last = async () => (await of<StoredScheduleBody>("GET", "soon", "once")).body.last_firing;
  await expect.poll(async () => (await last())?.outcome, { timeout: 5 * MINUTE }).toBe("ran");
  expect(await last()).toMatchObject({ due_at: new Date(at).toISOString(), run_id: expect.any(String) });
});

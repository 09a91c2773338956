import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { AlertListBody } from "../../src/api/alert-schema.ts";
import { d1Alerts } from "../../src/d1/alert-store.ts";
import { watch } from "../../src/flow/watch.ts";
import { apiPorts } from "../../src/worker/ports.ts";
import { call, put, RUN } from "../api/jobs/call.ts";
import { countedD1 } from "../support/counted-d1.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Of a schedule that is due each week, nothing is armed while a test lasts. */
const WEEK = 7 * 24 * HOUR;
const ports = apiPorts(env);

/** What somebody who looks at a moment records. */
const watchAt = (now: number) => watch({ alerts: ports.alerts, clock: { now: () => now } });

const alertsOf = async (job: string, query = "") =>
  (await call<AlertListBody>("GET", `/v1/alerts?job=${job}${query}`)).body.alerts;

async function defined(name: string, more: object): Promise<number> {
  const answer = await put(name, { run: RUN, ...more });
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return Date.parse(answer.body.updated_at);
}

/** A run of a job as it is stored, without a machine. */
async function stored(job: string, id: string, status: string, at: number): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO runs (id, org_id, version, status, spec, accepted_at, settled_at, updated_at, stdout_bytes, stderr_bytes,
       dropped_bytes, output_complete, open, job_name, job_version) VALUES (?1, 'default', 1, ?2, '{}', ?3, ?3, ?3, 0, 0, 0, 1, 0, ?4, 1)`,
  )
    .bind(id, status, at, job)
    .run();
}

async function fired(job: string, dueAt: number, outcome: string, startedAt: number | null): Promise<void> {
  const runId = `${job}-${dueAt}`;
  await env.DB.prepare(
    `INSERT INTO firings (org_id, job, schedule, due_at, span, outcome, shard, through_at, count, is_count_exact, trigger, run_id, decided_at)
     VALUES ('default', ?1, 's', ?2, 0, ?3, 0, ?2, 1, 1, 'rule', ?4, ?2)`,
  )
    .bind(job, dueAt, outcome, outcome === "missed" ? null : runId)
    .run();
  await env.DB.prepare(
    `INSERT INTO attempts (run_id, number, org_id, machine_name, machine_config, create_asked_at, uncertain_creates, started_at)
     VALUES (?1, 1, 'default', 'm', '{}', ?2, 0, ?3)`,
  )
    .bind(runId, dueAt, startedAt)
    .run();
}

describe("a job that is not heard of within expect_every", () => {
  it("has one alert for each silent period, whoever looks how often, and shows it", async () => {
    const from = await defined("silent", { expect_every: "1h" });
    await watchAt(from + 59 * MINUTE);
    expect(await alertsOf("silent")).toEqual([]);
    await Promise.all([watchAt(from + HOUR), watchAt(from + HOUR)]);
    await watchAt(from + 3 * HOUR);
    expect(await alertsOf("silent")).toMatchObject([
      { type: "job_silent", schedule: null, due_at: new Date(from + HOUR).toISOString(), run_id: null },
    ]);
    await stored("silent", "run_1", "succeeded", from + 3 * HOUR + MINUTE);
    await stored("silent", "run_2", "failed", from + 4 * HOUR);
    await watchAt(from + 4 * HOUR);
    await watchAt(from + 4 * HOUR + MINUTE);
    expect((await alertsOf("silent")).map(({ due_at }) => Date.parse(due_at) - from)).toEqual([
      4 * HOUR + MINUTE,
      HOUR,
    ]);
    const shown = await call("GET", "/v1/jobs/silent");
    expect(shown.body).toMatchObject({ expect_every: "1h", last_alert: { job: "silent" } });
  });

  it("is not silent while it is paused, and counted from when it goes on", async () => {
    const from = await defined("resting", { expect_every: "1h" });
    await ports.jobs.pause("default", "resting", from + MINUTE, from + MINUTE);
    await watchAt(from + 2 * HOUR);
    expect(await alertsOf("resting")).toEqual([]);
    await ports.jobs.pause("default", "resting", null, from + 5 * HOUR);
    await watchAt(from + 5 * HOUR + 59 * MINUTE);
    expect(await alertsOf("resting")).toEqual([]);
    await watchAt(from + 6 * HOUR);
    expect(await alertsOf("resting")).toMatchObject([{ due_at: new Date(from + 6 * HOUR).toISOString() }]);
  });

  it("is not asked after once it is deleted, or does not say so any more; a put does not begin anew", async () => {
    const from = await defined("changed", { expect_every: "1h" });
    await defined("changed", { expect_every: "1h", description: "other" });
    await watchAt(from + HOUR);
    expect(await alertsOf("changed")).toHaveLength(1);
    await defined("changed", {});
    const gone = await defined("gone", { expect_every: "1h" });
    await call("DELETE", "/v1/jobs/gone");
    await watchAt(gone + 100 * HOUR);
    expect([await alertsOf("changed"), await alertsOf("gone")].map((all) => all.length)).toEqual([1, 0]);
  });
});

describe("a schedule whose run does not start within late_after", () => {
  it("has one alert for each due time that is late, in pages and by type, and shows the last", async () => {
    const schedules = [{ name: "s", every: "7d", late_after: "5m", overlap: "allow" }];
    const from = await defined("late", { schedules });
    const first = Math.ceil((from + 1) / WEEK) * WEEK;
    const due = (weeks: number) => first + weeks * WEEK;
    await fired("late", due(0), "ran", due(0) + 1000);
    await fired("late", due(1), "ran", due(1) + 6 * MINUTE);
    await fired("late", due(2), "missed", null);
    await fired("late", due(3), "ran", null);
    await env.DB.prepare("UPDATE schedules SET decided_to = ? WHERE job = 'late'").bind(due(9)).run();
    await watchAt(due(1) + 4 * MINUTE);
    expect(await alertsOf("late")).toEqual([]);
    for (const now of [due(1) + 6 * MINUTE, due(1) + 7 * MINUTE, due(3) + WEEK / 2, due(3) + WEEK / 2 + 1])
      await watchAt(now);
    const alerts = await alertsOf("late", "&type=schedule_late");
    expect(alerts.map(({ due_at }) => Date.parse(due_at))).toEqual([due(3), due(2), due(1)]);
    expect(alerts.map(({ run_id }) => run_id)).toEqual([`late-${due(3)}`, null, `late-${due(1)}`]);
    const shown = await call("GET", "/v1/schedules/late/s");
    expect(shown.body).toMatchObject({ late_after: "5m", last_alert: alerts[0] });
    const page = await call<AlertListBody>("GET", "/v1/alerts?job=late&limit=2");
    expect(page.body.next_cursor).toBe(String(alerts[1]?.seq));
    expect(await alertsOf("late", `&cursor=${page.body.next_cursor}`)).toEqual(alerts.slice(2));
    expect(await alertsOf("late", "&since=2999-01-01T00:00:00Z")).toEqual([]);
    expect(await alertsOf("late", "&type=job_silent")).toEqual([]);
  });

  it("is looked at though a clock that was ahead has looked before", async () => {
    const from = await defined("skewed", { schedules: [{ name: "s", every: "7d", late_after: "5m" }] });
    const due = Math.ceil((from + 1) / WEEK) * WEEK;
    const decidedTo = (ms: number) =>
      env.DB.prepare("UPDATE schedules SET decided_to = ? WHERE job = 'skewed'").bind(ms).run();
    // The tick's clock was ahead likewise.
    await decidedTo(due + 500 * WEEK);
    await watchAt(due + 500 * WEEK);
    await fired("skewed", due, "ran", null);
    await env.DB.prepare("UPDATE schedules SET decided_to = ? WHERE job = 'skewed'")
      .bind(due + WEEK)
      .run();
    await watchAt(due + MINUTE);
    await watchAt(due + 6 * MINUTE);
    expect(await alertsOf("skewed")).toMatchObject([{ due_at: new Date(due).toISOString() }]);
  });
});

it("what is not to be looked at costs no row, and a schedule without late_after is not watched", async () => {
  await defined("unwatched", { schedules: [{ name: "s", every: "1h" }] });
  const { results } = await env.DB.prepare("SELECT * FROM watches WHERE job = 'unwatched'").all();
  expect(results).toEqual([]);
  await watchAt(Date.now());
  const { database, counts } = countedD1(env.DB);
  await watch({ alerts: d1Alerts(database), clock: { now: () => Date.now() } });
  expect(counts.rowsRead).toBeLessThan(10);
  expect(counts.rowsWritten).toBe(0);
});

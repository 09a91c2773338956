import { describe, expect, it } from "vitest";
import type { NextDueBody, ScheduleListBody, StoredScheduleBody } from "../../../src/api/firing-schema.ts";
import { call, put, RUN } from "../jobs/call.ts";

const HOURLY = { on: "fly", every: "hourly" };

describe("a schedule of on: fly", () => {
  it("is shown with the machine that Fly starts for it, once there is one, and with no due time ahead", async () => {
    const answer = await put("fly-shown", {
      run: { ...RUN, retry: { attempts: 2 } },
      schedules: [HOURLY, { every: "7d" }, { name: "named", on: "fly", every: "monthly", input: 1 }],
    });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    const { body } = await call<ScheduleListBody>("GET", "/v1/schedules?job=fly-shown");
    expect(body.schedules.map(({ name, fly }) => [name, fly])).toEqual([
      ["every-168h", null],
      ["fly-hourly", { app: null, machine_id: null, problem: null }],
      ["named", { app: null, machine_id: null, problem: null }],
    ]);
    expect(body.schedules[1]).toMatchObject({
      ...{ rule: "hourly, by Fly's own scheduler", next_due_at: null, overlap: "skip" },
      ...{ catch_up: { mode: "none" }, starts: null, ends: null, paused_by: [] },
    });
    const next = await call<NextDueBody>("GET", "/v1/schedules/fly-shown/fly-hourly/next");
    expect(next.body).toEqual({ due_at: [] });
  });

  it("names no due times that could be filled in", async () => {
    await put("fly-filled", { run: RUN, schedules: [HOURLY] });
    const stretch = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
    const answer = await call("POST", "/v1/schedules/fly-filled/fly-hourly/backfill", stretch);
    expect([answer.status, answer.body.error]).toEqual([
      422,
      expect.objectContaining({ path: "path.name", message: expect.stringContaining("is on: fly") }),
    ]);
  });

  it("rests and goes on like any", async () => {
    await put("fly-rests", { run: RUN, schedules: [{ ...HOURLY, paused: true }] });
    const shown = async () =>
      (await call<StoredScheduleBody>("GET", "/v1/schedules/fly-rests/fly-hourly")).body;
    expect((await shown()).paused_by).toEqual(["definition"]);
    await put("fly-rests", { run: RUN, schedules: [HOURLY] });
    await call("POST", "/v1/schedules/fly-rests/fly-hourly/pause");
    expect((await shown()).paused_by).toEqual(["hand"]);
    await call("POST", "/v1/schedules/fly-rests/fly-hourly/resume");
    expect((await shown()).paused_by).toEqual([]);
  });

  const words = "hourly, daily, weekly, monthly";
  it.each([
    [{ on: "fly" }, {}, "schedules.0", `needs every, one of ${words}`],
    [{ on: "fly", every: "15m" }, {}, "schedules.0.every", "with on: fly: Fly chooses the minute"],
    [{ on: "fly", cron: "@daily" }, {}, "schedules.0.cron", "does not go with on: fly"],
    [{ on: "fly", at: "2030-01-01T00:00:00Z" }, {}, "schedules.0.at", "does not go with on: fly"],
    [{ every: "daily" }, {}, "schedules.0.every", 'can be "daily" with on: fly alone'],
    [{ ...HOURLY, on: "cloudflare" }, {}, "schedules.0.on", 'must be one of "fly"'],
    [{ ...HOURLY, timezone: "UTC" }, {}, "schedules.0.timezone", "does not go with on: fly"],
    [{ ...HOURLY, punctual: true }, {}, "schedules.0.punctual", "does not go with on: fly"],
    [{ ...HOURLY, overlap: "skip" }, {}, "schedules.0.overlap", "does not go with on: fly"],
    [{ ...HOURLY, catch_up: "all" }, {}, "schedules.0.catch_up", "Fly makes nothing up for"],
    [{ ...HOURLY, jitter: "1m" }, {}, "schedules.0.jitter", "Fly chooses the minute"],
    [{ ...HOURLY, late_after: "5m" }, {}, "schedules.0.late_after", "expect_every of the job"],
    [{ ...HOURLY, starts: "2030-01-01T00:00:00Z" }, {}, "schedules.0.starts", "pause the schedule"],
    [{ ...HOURLY, ends: "2030-01-01T00:00:00Z" }, {}, "schedules.0.ends", "Fly knows of no end"],
    [HOURLY, { concurrency: { key: "k" } }, "run.concurrency", "can not be kept: schedules.0 is on: fly"],
    [HOURLY, { delay: "1m" }, "run.delay", "can not be kept"],
    [HOURLY, { run_at: "2030-01-01T00:00:00Z" }, "run.run_at", "can not be kept"],
    [HOURLY, { secrets: { TOKEN: "TOKEN" } }, "run.secrets", "can not be given"],
    [
      HOURLY,
      { script: `: ${"x".repeat(200_000)}`, env: { A: "y".repeat(64_000) }, command: undefined },
      "run",
      "bytes",
    ],
  ])("%o of %o is refused by its path: %s", async (schedule, run, path, message) => {
    const answer = await put("fly-bad", { run: { ...RUN, ...run }, schedules: [schedule] });
    expect([answer.status, answer.body.error.path]).toEqual([422, path]);
    expect(answer.body.error.message).toContain(message);
  });
});

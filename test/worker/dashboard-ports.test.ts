import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createApi } from "../../src/api/app.ts";
import { PAGE_EVENTS_MAX } from "../../src/core/limits.ts";
import type { OutputChunk } from "../../src/core/output.ts";
import { dashboardPorts } from "../../src/worker/dashboard-ports.ts";
import { apiPorts } from "../../src/worker/ports.ts";
import { aRunningRun, aStartingRun, aSucceededRun, followedBy, T0 } from "../support/a-run.ts";

const ports = apiPorts(env);
const pages = dashboardPorts(ports);

/** Ten bytes of stdout. */
function chunk(seq: number): OutputChunk {
  const bytes = new TextEncoder().encode("0123456789");
  return {
    attempt: 1,
    seq,
    stream: "stdout",
    offset: (seq - 1) * 10,
    length: 10,
    at: T0,
    bytes,
    blobKey: null,
  };
}

describe("the output of a run's page", () => {
  it("tells whether anything was written before it", async () => {
    const begun = aRunningRun();
    await ports.store.accept(begun.state, begun.events, null);
    const { id } = begun.state.run;
    expect(await pages.readOutput(id, 10)).toMatchObject({ lines: [], fromStart: true });
    await ports.store.appendOutput(begun.state, [chunk(1), chunk(2)]);
    expect(await pages.readOutput(id, 20)).toMatchObject({ position: "1.2", fromStart: true });
    expect(await pages.readOutput(id, 10)).toMatchObject({ position: "1.2", fromStart: false });
  });
});

describe("a re-run from a run's page", () => {
  const anEnded = async (change: Parameters<typeof aSucceededRun>[0]) => {
    const { state, events } = aSucceededRun(change);
    await ports.store.accept(state, events, null);
    return state.run;
  };

  it("is refused where a secret of the run is there no more, as the API's is, and stores nothing", async () => {
    const { id } = await anEnded({ secrets: { X: "REMOVED" } });
    await expect(pages.rerun(id, null)).rejects.toMatchObject({
      code: "invalid_input",
      path: "secrets.X",
      message: expect.stringContaining("there is no secret REMOVED"),
    });
    expect(await ports.store.reruns(id, 10)).toEqual([]);
  });

  it("orders what the stored spec means, once for each that the page has shown", async () => {
    const { id, spec } = await anEnded({ command: ["true"], tags: { team: "data" } });
    const again = await pages.rerun(id, null);
    expect(await pages.rerun(id, null)).toBe(again);
    expect((await ports.store.load(again ?? ""))?.run).toMatchObject({ spec, originId: id });
    expect(await pages.rerun(id, again)).not.toBe(again);
  });
});

describe("the pages of jobs and schedules", () => {
  const api = createApi(ports);
  const put = async (name: string, definition: object) => {
    const response = await api.request(`/v1/jobs/${name}`, {
      method: "PUT",
      body: JSON.stringify({ run: { image: "debian:12", command: ["true"] }, ...definition }),
      headers: { authorization: `Bearer ${ports.token}` },
    });
    expect(response.status).toBeLessThan(300);
  };
  const farOff = { at: "2999-01-01T00:00:00Z" };

  it("list each job with its own schedules' next due time and its last run", async () => {
    await put("pages-a", {
      schedules: [
        { name: "b", ...farOff },
        { name: "a", cron: "@daily", paused: true },
      ],
    });
    await put("pages-b", { schedules: [{ name: "a", at: "2998-01-01T00:00:00Z" }] });
    await put("pages-c", {});
    const run = await pages.runJob("pages-b", "", "once");
    const { jobs, next_cursor } = await pages.listJobs("pages-");
    expect(next_cursor).toBeNull();
    expect(
      jobs.map((job) => [job.name, job.schedules, job.resting, job.next_due_at, job.last_run?.id ?? null]),
    ).toEqual([
      ["pages-a", 2, 1, "2999-01-01T00:00:00.000Z", null],
      ["pages-b", 1, 0, "2998-01-01T00:00:00.000Z", run],
      ["pages-c", 0, 0, null, null],
    ]);
  });

  it("run a job once for each form and input, and say what is wrong with an input", async () => {
    await put("pages-run", { input_schema: { type: "object", properties: { n: { type: "integer" } } } });
    const run = await pages.runJob("pages-run", '{"n": 1}', "form");
    expect(await pages.runJob("pages-run", '{"n": 1}', "form")).toBe(run);
    expect(await pages.runJob("pages-run", '{"n": 2}', "form")).not.toBe(run);
    expect(await pages.runJob("pages-run", '{"n": 1}', "other")).not.toBe(run);
    expect((await pages.getRun(run ?? ""))?.input).toEqual({ n: 1 });
    const refused = (text: string) => pages.runJob("pages-run", text, "form").catch((error) => error);
    expect(await refused('{"n": "x"}')).toMatchObject({ code: "invalid_input", path: "input.n" });
    expect(await refused("{n}")).toMatchObject({ code: "invalid_json", path: "input" });
    expect(await refused('{"n": {"__proto__": 1}}')).toMatchObject({ path: "input.n.__proto__" });
    expect(await pages.runJob("pages-none", "{}", "form")).toBeNull();
  });

  it("run and pause schedules, roll jobs back, and know what is not there", async () => {
    await put("pages-s", { schedules: [{ name: "a", ...farOff, overlap: "allow" }] });
    await put("pages-s", { description: "second" });
    const key = { job: "pages-s", name: "a" };
    expect(await pages.getSchedule(key)).toBeNull();
    await expect(pages.rollBackJob("pages-s", 1, 1)).rejects.toMatchObject({ code: "version_conflict" });
    expect(await pages.rollBackJob("pages-s", 1, 2)).toBe(true);
    expect((await pages.jobVersions("pages-s", null, 1))?.next_cursor).toBe("3");
    expect((await pages.jobDiff("pages-s", 1, 2)).changes.map(({ path }) => path)).toContain("description");
    const firing = await pages.runSchedule(key);
    expect(firing).toMatchObject({ outcome: "ran", trigger: "run_now" });
    const id = firing?.run_id ?? "";
    expect([...(await pages.runsById([id, "run_none"])).keys()]).toEqual([id]);
    const page = await pages.firings(key, { outcome: null, cursor: null });
    expect(page?.firings.map(({ run_id }) => run_id)).toEqual([id]);
    expect(await pages.nextDue(key, 10)).toEqual(["2999-01-01T00:00:00.000Z"]);
    expect(await pages.pauseSchedule(key, true)).toBe(true);
    expect(await pages.getSchedule(key)).toMatchObject({ paused_by: ["hand"], timezone: null });
    expect((await pages.schedulesOf("pages-s")).map(({ name }) => name)).toEqual(["a"]);
    const none = { job: "pages-s", name: "none" };
    expect(await pages.firings(none, { outcome: null, cursor: null })).toBeNull();
    expect([await pages.runSchedule(none), await pages.pauseSchedule(none, true)]).toEqual([null, false]);
    expect([await pages.getJob("none"), await pages.jobVersions("none", null)]).toEqual([null, null]);
    expect([await pages.pauseJob("none", true), await pages.rollBackJob("none", 1, 1)]).toEqual([
      false,
      false,
    ]);
    await expect(pages.firings(key, { outcome: null, cursor: "x" })).rejects.toMatchObject({
      code: "invalid_input",
    });
    expect(() => pages.alerts(null, "x")).toThrow("cursor must be the number of an alert");
    expect((await pages.alerts("pages-s", null)).alerts).toEqual([]);
  });
});

describe("the events of a run's page", () => {
  it("are the newest within the bound, and those before them a page at a time", async () => {
    const begun = aStartingRun();
    await ports.store.accept(begun.state, begun.events, null);
    const uncertain = { type: "create_uncertain", at: T0, attempt: 1, error: "a fault" } as const;
    let { state } = begun;
    while (state.run.version < PAGE_EVENTS_MAX + 40) {
      const events = Array.from({ length: 10 }, () => uncertain);
      await ports.store.record(state, events, []);
      ({ state } = followedBy({ state, events: [] }, ...events));
    }
    const last = state.run.version;
    const numbers = async (before: number | null) =>
      (await pages.events(state.run.id, before)).map(({ seq }) => seq);
    const newest = await numbers(null);
    expect([newest.length, newest[0], newest.at(-1)]).toEqual([
      PAGE_EVENTS_MAX,
      last - PAGE_EVENTS_MAX + 1,
      last,
    ]);
    const earlier = await numbers(newest[0] ?? 0);
    expect(earlier).toEqual(Array.from({ length: last - PAGE_EVENTS_MAX }, (_, index) => index + 1));
    expect(await numbers(1)).toEqual([]);
  });

  it("are none of a run that does not exist", async () => {
    expect(await pages.events("run_00000000000000000000000000", null)).toEqual([]);
  });
});

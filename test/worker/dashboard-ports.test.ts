import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createApi } from "../../src/api/app.ts";
import { reportTarget } from "../../src/core/commit-status/report.ts";
import { DELIVERY_BODY_KEPT_BYTES, PAGE_EVENTS_MAX } from "../../src/core/limits.ts";
import type { OutputChunk } from "../../src/core/output.ts";
import { TO_COMMIT } from "../../src/flow/tell-commits.ts";
import { dashboardPorts } from "../../src/worker/dashboard-ports.ts";
import { apiPorts } from "../../src/worker/ports.ts";
import { aHookOf, aPushCall, deliver, ledgerOf, SECRET } from "../api/hooks/calls.ts";
import { call } from "../api/jobs/call.ts";
import { aRunningRun, aStartingRun, aSucceededRun, followedBy, T0 } from "../support/a-run.ts";
import { aPush, githubCall } from "../support/signed.ts";

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

describe("the pages of hooks", () => {
  const url = "https://mayfly.test/hooks";
  const all = { verdict: null, text: null, run: null, cursor: null };
  const named = async (job: string) => {
    await aHookOf(job, { branches: ["main"] });
    return { job, name: "github" };
  };

  it("know hooks by the deployment's own name where it has one, with their rules", async () => {
    const key = await named("page-named");
    const hook = await pages.getHook(key, `${url}?job=x`);
    expect(hook).toMatchObject({
      url: expect.stringMatching(/^https:\/\/mayfly\.test\/hooks\/\w{28}$/),
      rules: { branches: ["main"] },
    });
    const public_ = dashboardPorts({ ...ports, publicUrl: "https://named.example" });
    const [ofJob] = await public_.hooksOf("page-named", url);
    expect(ofJob?.url).toBe(hook?.url.replace("mayfly.test", "named.example"));
    expect((await public_.listHooks("page-named", null, url)).hooks).toEqual([ofJob]);
  });

  it("search a ledger, show one of it, and say what is wrong with a search", async () => {
    const key = await named("page-ledger");
    const hook = await pages.getHook(key, url);
    for (const branch of ["main", "dev"]) await deliver(hook?.url ?? "", await aPushCall(branch, branch));
    const ids = async (query: object) =>
      (await pages.deliveries(key, { ...all, ...query }))?.deliveries.map(({ id }) => id);
    expect(await ids({})).toEqual(["dev", "main"]);
    expect(await ids({ verdict: "filtered", text: "", run: "" })).toEqual(["dev"]);
    expect(await ids({ text: "refs/heads/main" })).toEqual(["main"]);
    await expect(ids({ run: "x" })).rejects.toMatchObject({ code: "invalid_input", path: "query.run" });
    await expect(ids({ verdict: "x" })).rejects.toMatchObject({ path: "query.verdict" });
    expect(await pages.getDelivery(key, "main", true)).toMatchObject({
      delivery: { verdict: "started" },
      resends: 0,
    });
    expect(await pages.getDelivery(key, "none", true)).toBeNull();
    expect(await pages.deliveries({ job: "page-ledger", name: "none" }, all)).toBeNull();
    await call("DELETE", "/v1/jobs/page-ledger");
    expect(await pages.getHook(key, url)).toBeNull();
    expect([await ids({ verdict: "paused" }), await ids({ verdict: "filtered" })]).toEqual([[], ["dev"]]);
  });

  it("read a body that is too long for its row where it is shown, and tell where that can not be read", async () => {
    const key = await named("page-long");
    const hook = await pages.getHook(key, url);
    const zen = "x".repeat(DELIVERY_BODY_KEPT_BYTES);
    await deliver(hook?.url ?? "", await githubCall(SECRET, { id: "long", payload: aPush("main", { zen }) }));
    const reads: string[] = [];
    const { bodies } = ports;
    const looked = dashboardPorts({
      ...ports,
      bodies: {
        ...bodies,
        get: async (place) => {
          reads.push("get");
          return bodies.get(place);
        },
      },
    });
    const head = await looked.getDelivery(key, "long", false);
    expect([head?.isKeptWhole, head?.delivery.body_complete, reads]).toEqual([true, false, []]);
    const whole = await looked.getDelivery(key, "long", true);
    expect([whole?.isKeptWhole, whole?.delivery.body_complete, reads]).toEqual([true, true, ["get"]]);

    const down = async () => {
      throw new Error("R2 is down");
    };
    const outage = dashboardPorts({ ...ports, bodies: { ...bodies, get: down, has: down } });
    for (const hasBody of [true, false])
      expect(await outage.getDelivery(key, "long", hasBody)).toMatchObject({
        isKeptWhole: null,
        delivery: { id: "long", body_complete: false },
      });
    await expect(outage.resendDelivery(key, "long", 0)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("try again"),
    });
    const tried = await outage.tryRules(key, {});
    expect(tried?.deliveries.map(({ would, problem }) => [would, problem])).toEqual([
      [null, "has a body that can not be read right now: try again"],
    ]);
    const gone = dashboardPorts({
      ...ports,
      bodies: { ...bodies, get: async () => null, has: async () => false },
    });
    for (const hasBody of [true, false])
      expect((await gone.getDelivery(key, "long", hasBody))?.isKeptWhole).toBe(false);
  });

  it("send a delivery once more, once for each page that was shown, also at once", async () => {
    const key = await named("page-resend");
    const hook = await pages.getHook(key, url);
    await deliver(hook?.url ?? "", await aPushCall("one"));
    const resent = async (id: string, after: number) =>
      (await pages.resendDelivery(key, id, after))?.delivery;
    const first = (await resent("one", 0)) ?? "";
    const again = await Promise.all([resent("one", 0), resent("one", 0), resent(first, 0)]);
    expect(new Set(again)).toEqual(new Set([first]));
    const second = await resent(first, 1);
    const { deliveries } = (await ledgerOf("page-resend")).body;
    expect(deliveries.map(({ id }) => id)).toEqual([second, first, "one"]);
    expect(new Set(deliveries.map(({ run_id: id }) => id)).size).toBe(3);
    // Nobody but a sender has a delivery come again.
    expect(deliveries.map(({ repeats }) => repeats)).toEqual([0, 0, 0]);
    expect(await resent("none", 0)).toBeUndefined();
  });

  it("try rules as the form has them, and not those of the hook beside them", async () => {
    const key = await named("page-try");
    const hook = await pages.getHook(key, url);
    for (const branch of ["main", "dev"]) await deliver(hook?.url ?? "", await aPushCall(branch, branch));
    const verdicts = async (rules: object) =>
      (await pages.tryRules(key, rules))?.deliveries.map(({ would }) => would?.verdict);
    expect(await verdicts({ branches: ["dev"] })).toEqual(["started", "filtered"]);
    expect(await verdicts({})).toEqual(["started", "started"]);
    expect((await ledgerOf("page-try")).body.deliveries).toHaveLength(2);
    await expect(verdicts({ if: "(" })).rejects.toMatchObject({ code: "invalid_input", path: "if" });
    await expect(verdicts({ branches: ["a", "["] })).rejects.toMatchObject({ path: "branches.1" });
    expect(await pages.tryRules({ job: "page-try", name: "none" }, {})).toBeNull();
  });

  it("give another URL once for each page that was shown", async () => {
    const key = await named("page-rotate");
    const before = await pages.getHook(key, url);
    const since = before?.url_since ?? "";
    const later = dashboardPorts({ ...ports, clock: { now: () => Date.parse(since) + 1 } });
    expect(await later.rotateHook(key, since)).toBe(true);
    const after = await pages.getHook(key, url);
    expect(after?.url).not.toBe(before?.url);
    expect(await later.rotateHook(key, since)).toBe(true);
    expect((await pages.getHook(key, url))?.url).toBe(after?.url);
    expect(await pages.rotateHook({ job: "page-rotate", name: "none" }, since)).toBe(false);
  });
});

const attempt = (status: number) => ({ at: T0, ms: 1, status, answer: "", error: null });

describe("the pages of reports", () => {
  // Nothing is sent: nobody is woken.
  const woken: string[] = [];
  const quiet = dashboardPorts({ ...ports, notifiers: { wake: async (name) => void woken.push(name) } });
  const all = { state: null, run: null, cursor: null };
  const RUN = "run_01jd0k3v7c9q2m8w5x4y6z7a8b";
  const tell = async (key: { job: string; name: string }, line: string, seq: number) => {
    const target = reportTarget({ orgId: ports.orgId, ...key });
    const id = ports.notificationId(Date.now());
    const told = {
      orgId: ports.orgId,
      kind: TO_COMMIT,
      type: "status.running",
      target,
      line,
      seq,
    };
    const to = { source: "github", api_url: null, token: "NO_TOKEN" };
    const data = { ...to, context: "mayfly/x", state: "running", sha: "72d3162ecc" };
    const payload = JSON.stringify({ type: told.type, timestamp: "2026-01-01T00:00:00.000Z", data });
    await ports.notifications.add({ ...told, id, payload }, T0, T0);
    return { ...told, payload, id, tries: 0, triesFrom: T0, attempts: [] };
  };

  it("show what a hook's runs have told, also where it is gone, and of one run alone", async () => {
    const key = { job: "page-gone", name: "github" };
    expect(await quiet.reports(key, all)).toBeNull();
    const [first, second] = [await tell(key, RUN, 1), await tell(key, RUN, 2)];
    await tell(key, "run_01jd0k3v7c9q2m8w5x4y6z7a8c", 1);
    await tell({ ...key, name: "other" }, RUN, 1);
    const ids = async (query: object) =>
      (await quiet.reports(key, { ...all, ...query }))?.reports.map(({ id }) => id);
    expect(await ids({ run: RUN, state: "pending", cursor: "" })).toEqual([second.id, first.id]);
    expect(await ids({ state: "delivered" })).toEqual([]);
    await expect(ids({ run: "x" })).rejects.toMatchObject({ code: "invalid_input", path: "query.run" });
    const ofRun = await quiet.reportsOfRun(key, RUN);
    expect(ofRun.map(({ id, commit_status }) => [id, commit_status.state])).toEqual([
      [first.id, "running"],
      [second.id, "running"],
    ]);
    expect(ofRun.map(({ waiting }) => waiting)).toEqual([
      { for: "secret", secret: "NO_TOKEN" },
      { for: "secret", secret: "NO_TOKEN" },
    ]);
    await ports.secrets.set(ports.orgId, "NO_TOKEN", "a-token");
    await env.DB.prepare("UPDATE notifications SET next_at = NULL WHERE id = ?").bind(second.id).run();
    expect(await quiet.getReport(key, first.id)).toMatchObject({
      ...{ id: first.id, attempts: [], waits_for: null },
      waiting: { for: "time", secret: null },
    });
    expect(await quiet.getReport(key, second.id)).toMatchObject({
      waits_for: first.id,
      waiting: { for: "report", secret: null },
    });
    expect(await quiet.getReport({ ...key, name: "other" }, first.id)).toBeNull();
  });

  it("have one sent again once for each page that was shown", async () => {
    const key = { job: "page-reports", name: "github" };
    const told = await tell(key, RUN, 1);
    await ports.notifications.recordAttempt(
      told,
      { state: "given_up", nextAt: null, attempt: attempt(200) },
      T0 + 5000,
    );
    const state = async () => (await quiet.getReport(key, told.id))?.state;
    expect(await quiet.resendReport(key, told.id, new Date(T0).toISOString())).toBe(true);
    expect([await state(), woken]).toEqual(["given_up", []]);
    expect(await quiet.resendReport(key, told.id, new Date(T0 + 5000).toISOString())).toBe(true);
    expect([await state(), woken]).toEqual(["pending", [told.target]]);
    expect(await quiet.resendReport(key, "msg_none", "")).toBe(false);
  });
});

describe("the pages of webhooks", () => {
  // Nothing is sent: nobody is woken.
  const { notifications } = ports;
  const quiet = dashboardPorts({ ...ports, notifiers: { wake: async () => undefined } });
  const input = { kind: "standard", url: "https://subscriber.example/hear", events: ["run.failed"] };
  const secret = () => quiet.newWebhookSecret();
  let made = 0;
  const aWebhook = () => quiet.createWebhook({ ...input, secret: secret() }, `form-${++made}`);
  const all = { state: null, type: null, run: null, cursor: null };
  const tell = async (webhookId: string, line: string, seq: number, isDue: boolean) => {
    const id = ports.notificationId(Date.now());
    const told = {
      target: webhookId,
      line,
      seq,
      orgId: ports.orgId,
      kind: "webhook",
      type: "run.failed",
      payload: "{}",
    };
    await notifications.add({ ...told, id }, T0, T0);
    if (!isDue) await env.DB.prepare("UPDATE notifications SET next_at = NULL WHERE id = ?").bind(id).run();
    return { ...told, id, tries: 0, triesFrom: T0, attempts: [] };
  };

  it("make one of a form, however often it is sent, also at once", async () => {
    const body = { ...input, secret: secret() };
    const [a, b] = await Promise.all([quiet.createWebhook(body, "once"), quiet.createWebhook(body, "once")]);
    expect([b, await quiet.createWebhook(body, "once")]).toEqual([a, a]);
    expect((await quiet.listWebhooks()).filter(({ id }) => id === a)).toHaveLength(1);
    // Gone back to, with another URL typed.
    const other = await quiet.createWebhook({ ...body, url: "https://other.example/hear" }, "once");
    expect((await quiet.getWebhook(other))?.url).toBe("https://other.example/hear");
    await expect(quiet.createWebhook({ ...input, url: "x", events: [] }, "two")).rejects.toMatchObject({
      code: "invalid_input",
      path: "events",
    });
    await expect(quiet.createWebhook({ ...input, secret: "short" }, "two")).rejects.toMatchObject({
      path: "secret",
    });
  });

  it("change it, and give it a secret unless it was changed since the page was made", async () => {
    const id = await aWebhook();
    expect(await quiet.changeWebhook(id, { events: ["job.silent"], jobs: ["a"] })).toBe(true);
    const webhook = await quiet.getWebhook(id);
    expect(webhook).toMatchObject({
      events: ["job.silent"],
      jobs: ["a"],
      waiting: 0,
      last_delivered_at: null,
    });
    const given = secret();
    await expect(quiet.rotateWebhook(id, given, "2026-01-01T00:00:00.000Z")).rejects.toMatchObject({
      code: "invalid_input",
      path: "updated_at",
    });
    expect((await quiet.getWebhook(id))?.old_secret_until).toBeNull();
    await quiet.rotateWebhook(id, given, webhook?.updated_at ?? "");
    const rotated = await quiet.getWebhook(id);
    expect(rotated?.old_secret_until).not.toBeNull();
    // The same form once more: it has this secret, and keeps the one of before.
    expect(await quiet.rotateWebhook(id, given, "2026-01-01T00:00:00.000Z")).toBe(true);
    expect(await quiet.getWebhook(id)).toEqual(rotated);
    await expect(quiet.rotateWebhook(id, "x", "")).rejects.toMatchObject({ path: "secret" });
  });

  it("disable it by hand, which ends what is pending and is no alert, and enable it", async () => {
    const id = await aWebhook();
    // In an hour, as after attempts that failed, and what is behind that in its line.
    const later = await tell(id, "run_d", 1, true);
    await tell(id, "run_d", 2, false);
    await env.DB.prepare("UPDATE notifications SET next_at = ? WHERE id = ?")
      .bind(Date.now() + 3_600_000, later.id)
      .run();
    expect(await quiet.enableWebhook(id, false)).toBe(true);
    const ended = await quiet.notifications(id, all);
    expect(ended?.notifications.map(({ state }) => state)).toEqual(["dropped", "dropped"]);
    expect(await quiet.getWebhook(id)).toMatchObject({ disabled_why: "by hand" });
    const { wants } =
      (await env.DB.prepare("SELECT wants FROM webhooks WHERE id = ?").bind(id).first()) ?? {};
    expect(wants).toBe("");
    expect((await pages.alerts(null, null)).alerts).toEqual([]);
    expect(await quiet.enableWebhook(id, true)).toBe(true);
    expect(await quiet.getWebhook(id)).toMatchObject({ disabled_at: null, disabled_why: null });
  });

  it("count what each has yet to be told, line by line, and know when it last took something", async () => {
    const [id, other] = [await aWebhook(), await aWebhook()];
    const first = await tell(id, "run_a", 1, true);
    await tell(id, "run_a", 2, false);
    await tell(id, "run_b", 1, true);
    await tell(other, "run_a", 1, true);
    const standing = async (of: string) => {
      const { waiting, last_delivered_at: at } = (await quiet.getWebhook(of)) ?? {};
      return { waiting, at };
    };
    expect(await standing(id)).toEqual({ waiting: 3, at: null });
    await notifications.recordAttempt(
      first,
      { state: "delivered", nextAt: null, attempt: attempt(200) },
      T0 + 5000,
    );
    expect(await standing(id)).toEqual({ waiting: 2, at: new Date(T0 + 5000).toISOString() });
    expect(await standing(other)).toEqual({ waiting: 1, at: null });
    expect(
      (await quiet.toldOfRun("run_a")).map(({ webhook, notification }) => [webhook.id, notification.state]),
    ).toEqual([
      [id, "delivered"],
      [id, "pending"],
      [other, "pending"],
    ]);
    expect(await quiet.toldOfRun("run_none")).toEqual([]);
  });

  it("show what it was told, and have it sent again once for each page that was shown", async () => {
    const id = await aWebhook();
    const told = await tell(id, "run_c", 1, true);
    const name = { webhook: id, id: told.id };
    await notifications.recordAttempt(
      told,
      { state: "given_up", nextAt: null, attempt: attempt(500) },
      T0 + 5000,
    );
    const state = async () => (await quiet.getNotification(name))?.state;
    expect(await quiet.resendNotification(name, new Date(T0).toISOString())).toBe(true);
    expect(await state()).toBe("given_up");
    expect(await quiet.resendNotification(name, new Date(T0 + 5000).toISOString())).toBe(true);
    expect(await state()).toBe("pending");
    const page = await quiet.notifications(id, { ...all, state: "pending", type: "" });
    expect(page?.notifications.map((each) => each.id)).toEqual([told.id]);
    await expect(quiet.notifications(id, { ...all, type: "x" })).rejects.toMatchObject({
      path: "query.type",
    });
  });

  it("know what is not there", async () => {
    const none = { webhook: "wh_none", id: "msg_none" };
    expect([await quiet.getWebhook("wh_none"), await quiet.testWebhook("wh_none")]).toEqual([null, null]);
    expect([await quiet.notifications("wh_none", all), await quiet.getNotification(none)]).toEqual([
      null,
      null,
    ]);
    expect([
      await quiet.changeWebhook("wh_none", {}),
      await quiet.enableWebhook("wh_none", false),
      await quiet.deleteWebhook("wh_none"),
      await quiet.rotateWebhook("wh_none", secret(), ""),
      await quiet.resendNotification(none, ""),
    ]).toEqual([false, false, false, false, false]);
    const id = await aWebhook();
    expect([await quiet.deleteWebhook(id), await quiet.getWebhook(id)]).toEqual([true, null]);
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

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { JobListBody, ShownJobBody } from "../../src/api/job-schema.ts";
import type { RunBody } from "../../src/api/run-schema.ts";
import { upstreamOf } from "../../src/core/chain/upstream.ts";
import { AppError } from "../../src/core/error.ts";
import {
  CHAIN_ALERT_EVERY_MS,
  CHAIN_DEPTH_MAX,
  CHAIN_RUNS_MAX,
  HANDOVER_BATCH,
  HANDOVER_GIVE_UP_MS,
  HANDOVERS_KEPT_MS,
} from "../../src/core/limits.ts";
import { d1Handovers } from "../../src/d1/handover-store.ts";
import { d1Jobs } from "../../src/d1/job-store.ts";
import { d1Store } from "../../src/d1/store.ts";
import { handOver, wakeChains } from "../../src/flow/hand-over.ts";
import { submit, submitHandedOver } from "../../src/flow/submit.ts";
import { call, put, RUN } from "../api/jobs/call.ts";
import { aSpec, followedBy, T0 } from "../support/a-run.ts";
import { aPullRequest, ChainWorld, type End } from "../support/chain-world.ts";
import { countedD1 } from "../support/counted-d1.ts";
import { Mortal } from "../support/mortal-d1.ts";
import { secretKeeperOn } from "../support/run-to-end.ts";

const HOUR = 3_600_000;

let world: ChainWorld;
beforeEach(async () => {
  world = new ChainWorld();
  await world.clear();
});

const verdicts = async (runId: string) =>
  (await world.after(runId)).map(({ job, verdict }) => `${job} ${verdict}`);

describe("a job that starts after another", () => {
  it.each<[End, string[]]>([
    [null, ["any", "well"]],
    [3, ["any", "badly"]],
    ["cancelled_by_user", ["any"]],
    ["dropped", ["any"]],
  ])("starts by how a run ends: %s", async (end, expected) => {
    await world.put("well", [{ job: "first" }]);
    await world.put("badly", [{ job: "first", outcome: "failed" }]);
    await world.put("any", [{ job: "first", outcome: "finished" }]);
    await world.put("other", [{ job: "another", outcome: "finished" }]);
    const runId = await world.ends("first", end);
    expect(world.called).toEqual(["chains"]);
    await world.live();
    expect(await verdicts(runId)).toEqual(expected.map((job) => `${job} started`));
    expect(world.driven).toHaveLength(expected.length);
  });

  it("is told of the run before in its input and its environment", async () => {
    await world.put("badly", [{ job: "first", outcome: "failed" }]);
    const runId = await world.ends("first", 3);
    await world.live();
    const [state] = await world.runsOf("badly");
    expect(JSON.parse(state?.run.job?.input ?? "")).toEqual({
      upstream: { run_id: runId, job: "first", outcome: "failed", reason: "exit_code", exit_code: 3 },
    });
    expect(state?.attempts[0]?.machineConfig.env).toMatchObject({
      MAYFLY_UPSTREAM_RUN: runId,
      MAYFLY_UPSTREAM_JOB: "first",
      MAYFLY_UPSTREAM_OUTCOME: "failed",
      MAYFLY_UPSTREAM_REASON: "exit_code",
      MAYFLY_UPSTREAM_EXIT_CODE: "3",
    });
  });

  it("starts by the run's outcome, and not by an attempt that is followed by another", async () => {
    await world.put("well", [{ job: "first" }]);
    await world.put("badly", [{ job: "first", outcome: "failed" }]);
    const runId = await world.ends("first", null, { retried: true });
    await world.live();
    expect(await verdicts(runId)).toEqual(["well started"]);
  });

  it("starts also after one that ends as it is accepted", async () => {
    await world.put("any", [{ job: "first", outcome: "finished" }]);
    const { store } = world.ports();
    const job = { name: "first", version: 1, input: "{}" };
    const { acceptRun } = await import("../../src/core/lifecycle.ts");
    const accepted = { type: "accepted" as const, at: T0, spec: aSpec(), originId: null, job };
    const output = { stdoutBytes: 0, stderrBytes: 0, droppedBytes: 0, complete: true };
    const { state, events } = followedBy(
      { state: acceptRun("run_dropped", "default", accepted), events: [accepted] },
      {
        ...{ type: "settled", at: T0, status: "cancelled", reason: "dropped", limit: null, detail: null },
        ...{ exit: null, output },
      },
    );
    await store.accept(state, events, null);
    expect(world.called).toEqual(["chains"]);
    await world.live();
    expect(await verdicts("run_dropped")).toEqual(["any started"]);
  });

  it("is of the version that is in force when it starts", async () => {
    await world.put("next", [{ job: "first" }]);
    const runId = await world.ends("first");
    await world.put("next", [{ job: "first" }], { description: "newer" });
    await world.live();
    expect(await verdicts(runId)).toEqual(["next started"]);
    expect((await world.runsOf("next"))[0]?.run.job?.version).toBe(2);
  });
});

describe("a job that is changed between an end and its start", () => {
  const meanwhile: [string, string, () => Promise<unknown>][] = [
    ["paused", "paused", () => d1Jobs(env.DB).pause("default", "next", T0, T0)],
    ["deleted", "unlinked", () => d1Jobs(env.DB).delete("default", "next", T0, null)],
    ["put without it", "unlinked", () => world.put("next", [])],
    ["put for another outcome", "unlinked", () => world.put("next", [{ job: "first", outcome: "failed" }])],
  ];
  it.each(meanwhile)(
    "%s: it is told why nothing started, and never made good",
    async (_, verdict, change) => {
      await world.put("next", [{ job: "first" }]);
      const runId = await world.ends("first");
      await change();
      await world.live();
      await d1Jobs(env.DB).pause("default", "next", null, T0);
      await world.live();
      expect(await world.after(runId)).toMatchObject([
        { job: "next", verdict, detail: expect.stringContaining("the job "), run: null, decidedAt: T0 },
      ]);
      expect(await world.runsOf("next")).toEqual([]);
      expect(await world.alerts("next")).toEqual([]);
    },
  );

  it("and a run that ends after that concerns it no more", async () => {
    await world.put("next", [{ job: "first" }]);
    await world.put("next", [{ job: "second" }]);
    expect(await verdicts(await world.ends("first"))).toEqual([]);
    expect(await verdicts(await world.ends("second"))).toEqual(["next waiting"]);
    await d1Jobs(env.DB).delete("default", "next", T0, null);
    expect(await verdicts(await world.ends("second"))).toEqual([]);
  });
});

describe("once, and not lost", () => {
  it("wherever whoever starts it is killed", { timeout: 120_000 }, async () => {
    await world.put("a", [{ job: "first" }]);
    await world.put("b", [{ job: "first", outcome: "finished" }]);
    await world.put("refuses", [{ job: "first" }], { input_schema: { type: "string" } });
    for (let lives = 0; ; lives++) {
      const where = `killed after ${lives} calls`;
      world.now += 2 * HOUR;
      const runId = await world.ends("first");
      const mortal = new Mortal(lives);
      await world.live(world.ports(mortal.database(env.DB))).catch(() => undefined);
      // Whoever comes next, and what was put off by the one before.
      world.now += HOUR;
      await world.live();
      expect(await verdicts(runId), where).toEqual(["a started", "b started", "refuses refused"]);
      for (const job of ["a", "b"]) expect(await world.runsOf(job), where).toHaveLength(lives + 1);
      if (!mortal.isDead) {
        expect(lives).toBeGreaterThan(5);
        break;
      }
    }
    expect((await world.alerts("refuses")).length).toBe((await world.runsOf("a")).length);
  });

  it("however often it is taken up", { timeout: 120_000 }, async () => {
    await world.put("next", [{ job: "first" }]);
    await world.ends("first");
    const ports = world.ports();
    const seen = await ports.handovers.due(world.now, 10);
    const stale = { ...ports, handovers: { ...ports.handovers, due: async () => seen } };
    for (let rounds = 0; rounds < 2; rounds++)
      await Promise.all(Array.from({ length: 50 }, () => handOver(stale)));
    expect(await world.runsOf("next")).toHaveLength(1);
    expect(world.driven).toHaveLength(1);
  });

  it("and one whose definition can not be read keeps no other from what it starts", async () => {
    for (const job of ["broken", "well"]) await world.put(job, [{ job: "first" }]);
    const runId = await world.ends("first");
    const ports = world.ports();
    const findAll: (typeof ports.jobs)["findAll"] = async (orgId, names) => {
      if (names.includes("broken")) throw new Error("it can not be read");
      return ports.jobs.findAll(orgId, names);
    };
    expect(await world.live({ ...ports, jobs: { findAll } })).toEqual([]);
    expect(await verdicts(runId)).toEqual(["broken waiting", "well started"]);
    expect(world.putOff).toEqual([`broken after ${runId}: it can not be read`]);
  });

  it("where it fails on our side it is tried again, for a day, and that is told", async () => {
    await world.put("next", [{ job: "first" }]);
    const runId = await world.ends("first");
    let isDown = true;
    const ports = world.ports();
    const failing = {
      ...ports,
      orderOf: async (...order: Parameters<typeof ports.orderOf>) => {
        if (isDown) throw new AppError("unavailable", "the queue is full");
        return ports.orderOf(...order);
      },
    };
    expect([await world.live(failing), world.putOff]).toEqual([
      [],
      [`next after ${runId}: the queue is full`],
    ]);
    expect(await world.after(runId)).toMatchObject([
      { verdict: "waiting", detail: "it could not be started: the queue is full" },
    ]);
    isDown = false;
    world.now += HOUR;
    await world.live(failing);
    expect(await verdicts(runId)).toEqual(["next started"]);
    isDown = true;
    const lost = await world.ends("first");
    for (let until = world.now + HANDOVER_GIVE_UP_MS + HOUR; world.now < until; world.now += HOUR)
      await world.live(failing);
    expect(await world.after(lost)).toMatchObject([
      { verdict: "refused", detail: expect.stringContaining("tried for a day") },
    ]);
    expect(await world.alerts("next")).toMatchObject([{ type: "chain_stopped", runId: lost }]);
  });

  it("where one can be neither started nor put off that is told, and those beside it are awaited", async () => {
    await world.put("bad", [{ job: "first" }]);
    await world.put("next", [{ job: "first" }]);
    const runId = await world.ends("first");
    const ports = world.ports();
    const failing = {
      ...ports,
      orderOf: async (...order: Parameters<typeof ports.orderOf>) => {
        if (order[0].job.name === "bad") throw new Error("no");
        await new Promise((resolve) => setTimeout(resolve, 20));
        return ports.orderOf(...order);
      },
      handovers: { ...ports.handovers, putOff: () => Promise.reject(new Error("the database is busy")) },
    };
    const { problems, putOff } = await handOver(failing);
    expect([problems, putOff]).toEqual([
      [`bad after ${runId}: no`, `bad after ${runId}: the database is busy`],
      undefined,
    ]);
    expect(await verdicts(runId)).toEqual(["bad waiting", "next started"]);
  });

  it("where the call was lost the minute's cron makes it good", async () => {
    await world.put("next", [{ job: "first" }]);
    const ports = world.ports();
    await wakeChains(ports);
    expect(world.called).toEqual([]);
    await world.ends("first");
    world.called.length = 0;
    await wakeChains(ports);
    expect(world.called).toEqual(["chains"]);
  });

  it("where many start after one they are more than one alarm takes up", async () => {
    const names = Array.from({ length: HANDOVER_BATCH + 2 }, (_, index) => `n${index}`);
    for (const name of names) await world.put(name, [{ job: "first" }]);
    const runId = await world.ends("first");
    const { nextAt } = await handOver(world.ports());
    expect(nextAt).toBe(world.now);
    await world.live();
    expect((await world.after(runId)).every(({ verdict }) => verdict === "started")).toBe(true);
    expect(world.driven).toHaveLength(names.length);
  });
});

describe("a job that can not be run with it", () => {
  it("is told, by an alert at most once an hour", async () => {
    await world.put("next", [{ job: "first" }], { input_schema: { required: ["env"] } });
    const first = await world.ends("first");
    await world.live();
    world.now += CHAIN_ALERT_EVERY_MS - 1;
    await world.ends("first");
    await world.live();
    expect(await world.after(first)).toMatchObject([
      {
        verdict: "refused",
        run: null,
        detail: expect.stringMatching(/^the job can not be run: input\.env: /),
      },
    ]);
    expect(await world.alerts("next")).toMatchObject([
      {
        ...{ type: "chain_stopped", job: "next", schedule: null, hook: null, webhook: null },
        detail: expect.stringMatching(
          /^it was not started after run run_\w+ of first: the job can not be run/,
        ),
      },
    ]);
    expect(world.called).toContain("outbox");
    world.now += 1;
    await world.ends("first");
    await world.live();
    expect(await world.alerts("next")).toHaveLength(2);
  });

  it("is that also where a secret of it is gone", async () => {
    await world.put("next", [{ job: "first" }], {
      run: { image: "x", command: ["y"], secrets: { A: "GONE" } },
    });
    const runId = await world.ends("first");
    await world.live();
    expect((await world.after(runId))[0]?.detail).toContain("job.run.secrets.A: ");
  });
});

describe("jobs that start after each other in a circle", () => {
  it("come to an end, and that is told", async () => {
    await world.put("a", [{ job: "b" }]);
    await world.put("b", [{ job: "a" }]);
    let last = await world.ends("a");
    for (let depth = 1; depth <= CHAIN_DEPTH_MAX; depth++) {
      await world.live();
      const next = (await world.after(last))[0]?.run?.id ?? "";
      await world.finish(next);
      last = next;
    }
    await world.live();
    expect(await world.after(last)).toMatchObject([{ verdict: "bounded", run: null }]);
    const runs = [...(await world.runsOf("a")), ...(await world.runsOf("b"))];
    expect(runs).toHaveLength(CHAIN_DEPTH_MAX + 1);
    expect(await world.alerts("b")).toMatchObject([{ type: "chain_stopped", runId: last }]);
  });

  it("come to an end also where each starts several", async () => {
    await world.put("next", [{ job: "first" }]);
    const runId = await world.ends("first");
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       INSERT INTO handovers (root_run_id, upstream_run_id, job, org_id, verdict, ended_at, tries, run_id)
       SELECT ?1, 'run_' || i, 'x', 'default', 'started', 1, 0, 'run_x' || i FROM n`,
    )
      .bind(runId, CHAIN_RUNS_MAX)
      .run();
    await world.live();
    expect(await world.after(runId)).toMatchObject([
      { verdict: "bounded", detail: expect.stringContaining(`${CHAIN_RUNS_MAX} runs have followed`) },
    ]);
  });
});

describe("after a run that builds a fork's change", () => {
  const CHECKOUT = { image: "x", command: ["y"], checkout: true, secrets: { KEY: "KEY" } };
  beforeEach(() => secretKeeperOn(env.DB).set("default", "KEY", "a value"));

  it("nothing starts that does not say so", async () => {
    await world.put("next", [{ job: "first" }], { run: CHECKOUT });
    const runId = await world.ends("first", null, { change: aPullRequest(true) });
    await world.live();
    expect(await world.after(runId)).toMatchObject([
      { verdict: "withheld", detail: expect.stringContaining("from_forks") },
    ]);
    expect(await world.runsOf("next")).toEqual([]);
  });

  it("what says so builds the same, without secrets, and so does what follows from that", async () => {
    await world.put("next", [{ job: "first", from_forks: true }], { run: CHECKOUT });
    await world.put("far", [{ job: "next", from_forks: true }], { run: CHECKOUT });
    await world.put("not-far", [{ job: "next" }], { run: CHECKOUT });
    await world.ends("first", null, { change: aPullRequest(true) });
    await world.live();
    const [next] = await world.runsOf("next");
    await world.finish(next?.run.id ?? "");
    await world.live();
    expect(await verdicts(next?.run.id ?? "")).toEqual(["far started", "not-far withheld"]);
    for (const job of ["next", "far"]) {
      const [state] = await world.runsOf(job);
      expect(state?.run.spec.secrets, job).toEqual({});
      expect(state?.run.upstream?.isWithoutSecrets, job).toBe(true);
      expect(state?.run.spec.checkout, job).toMatchObject({ ref: "c".repeat(40), token: null });
    }
  });

  it("likewise after a comment on one", async () => {
    const spec = { image: "x", command: ["y"], secrets: { KEY: "KEY" } };
    await world.put("next", [{ job: "first", from_forks: true }], { run: spec });
    await world.put("far", [{ job: "next", from_forks: true }], { run: spec });
    await world.put("not", [{ job: "first" }], { run: spec });
    const runId = await world.ends("first", null, { change: null });
    await world.live();
    expect(await verdicts(runId)).toEqual(["next started", "not withheld"]);
    const [next] = await world.runsOf("next");
    await world.finish(next?.run.id ?? "");
    await world.live();
    for (const job of ["next", "far"]) {
      const [state] = await world.runsOf(job);
      expect(state?.run.spec.secrets, job).toEqual({});
      expect(state?.run.upstream?.isWithoutSecrets, job).toBe(true);
    }
  });

  it("but after one that no change started there is nothing to check out, and nothing starts", async () => {
    await world.put("next", [{ job: "first" }], { run: CHECKOUT });
    const runId = await world.ends("first");
    await world.live();
    expect(await world.after(runId)).toMatchObject([
      {
        job: "next",
        verdict: "refused",
        detail: expect.stringContaining("nothing else says what to check out"),
      },
    ]);
  });

  it("but after one of the repository itself it has its secrets, and builds the same", async () => {
    await world.put("next", [{ job: "first" }], { run: CHECKOUT });
    await world.ends("first", null, { change: aPullRequest(false) });
    await world.live();
    const [state] = await world.runsOf("next");
    expect(state?.run.spec).toMatchObject({
      secrets: { KEY: "KEY" },
      checkout: { repository: "https://git.example/o/r.git", ref: "c".repeat(40) },
    });
    expect(state?.attempts[0]?.machineConfig.env).toMatchObject({
      MAYFLY_COMMIT: "c".repeat(40),
      MAYFLY_PULL_REQUEST: "7",
    });
  });
});

it("a checkout's token goes with what a run hands on to the public host of its hook's source and to the job's own hosts alone", async () => {
  await secretKeeperOn(env.DB).set("default", "KEY", "a value");
  const checkout = { token: "KEY" };
  const run = { image: "x", command: ["y"], checkout };
  const hosts = { token_hosts: ["git.example"] };
  await world.put("next", [{ job: "first" }], { run });
  await world.put("known", [{ job: "first" }], { run: { ...run, checkout: { ...checkout, ...hosts } } });
  await world.put("far", [{ job: "known" }], { run });
  const elsewhere = aPullRequest(false);
  const atGithub = { ...elsewhere.repository, url: "https://github.com/o/r.git" };
  const runId = await world.ends("first", null, { change: elsewhere });
  await world.live();
  expect(await world.after(runId)).toMatchObject([
    { job: "known", verdict: "started" },
    {
      ...{ job: "next", verdict: "refused" },
      detail: expect.stringMatching(
        /^the job can not be run: job\.run\.checkout\.token_hosts: .*git\.example/,
      ),
    },
  ]);
  const [known] = await world.runsOf("known");
  expect(known?.run.spec.checkout).toMatchObject({ repository: elsewhere.repository.url, token: "KEY" });
  await world.finish(known?.run.id ?? "");
  await world.live();
  expect(await verdicts(known?.run.id ?? "")).toEqual(["far refused"]);
  const own = await world.ends("known", null, { change: { ...elsewhere, repository: atGithub } });
  await world.live();
  expect(await verdicts(own)).toEqual(["far started"]);
});

describe("what it costs", () => {
  it("a run after which nothing starts costs what it did, also where other jobs have links", async () => {
    const { database, counts } = countedD1(env.DB);
    const counted = new ChainWorld(database);
    const costOf = async (job: string) => {
      const before = { ...counts };
      await counted.ends(job);
      return [counts.rowsWritten - before.rowsWritten, counts.statements - before.statements];
    };
    const plain = await costOf("first");
    for (let index = 0; index < 20; index++) await world.put(`n${index}`, [{ job: "other" }]);
    await world.put("badly", [{ job: "first", outcome: "failed" }]);
    const before = counts.rowsRead;
    expect(await costOf("first")).toEqual(plain);
    expect(counted.called).toEqual([]);
    expect(counts.rowsRead - before).toBeLessThan(40);
  });

  it("a start after another costs three rows and two statements beside its run", async () => {
    await world.put("next", [{ job: "first" }]);
    const { database, counts } = countedD1(env.DB);
    const counted = new ChainWorld(database);
    const costOf = async (act: () => Promise<unknown>) => {
      const { rowsWritten, sent } = counts;
      await act();
      return { rows: counts.rowsWritten - rowsWritten, statements: counts.sent - sent };
    };
    const unfollowed = await costOf(() => counted.ends("unfollowed"));
    const followed = await costOf(() => counted.ends("first"));
    const ports = counted.ports();
    const job = { name: "next", version: 1, input: "{}" };
    const order = { orgId: "default", spec: aSpec(), originId: null, job, key: null };
    const byCall = await costOf(() => submit(ports, order));
    const due = await ports.handovers.due(counted.now, 1);
    const [handover] = due;
    if (handover === undefined) throw new Error("nothing is due");
    const upstream = upstreamOf(handover.ended);
    const started = await costOf(() => submitHandedOver(ports, { ...order, upstream }));
    expect(followed).toEqual({ rows: unfollowed.rows + 2, statements: unfollowed.statements });
    expect(started).toEqual({ rows: byCall.rows + 1, statements: byCall.statements + 2 });
  });
});

describe("the API", () => {
  it("refuses a job that starts after itself, and notes a job that is not there", async () => {
    const refused = await put("next", { run: RUN, on: [{ job: "first" }, { job: "next" }] });
    expect([refused.status, refused.body.error.path]).toEqual([422, "on.1.job"]);
    const made = await put("next", { run: RUN, on: [{ job: "first" }] });
    expect(made.body).toMatchObject({
      on: [{ job: "first" }],
      notes: [{ path: "on.0.job", message: "there is no job first yet: nothing starts this one after it" }],
    });
    await put("first");
    const same = await put("next", { run: RUN, on: [{ job: "first", outcome: "succeeded" }] });
    expect(same.body).toMatchObject({ outcome: "unchanged", notes: [] });
  });

  it("notes a circle where the last of its jobs is put, and tells of a job which start after it", async () => {
    await put("first", { run: RUN, on: [{ job: "other" }, { job: "last", outcome: "finished" }] });
    await put("next", { run: RUN, on: [{ job: "first" }] });
    const made = await put("last", { run: RUN, on: [{ job: "next" }] });
    const note = {
      path: "on.0.job",
      message:
        "these jobs start after each other in a circle: last → first → next → last; it goes on until one ends otherwise, or 20 runs are in a row",
    };
    expect(made.body).toMatchObject({ outcome: "created", notes: [note] });
    const again = await put("first", {
      run: RUN,
      on: [{ job: "other" }, { job: "last", outcome: "finished" }],
    });
    expect(again.body.notes).toMatchObject([
      { message: "there is no job other yet: nothing starts this one after it" },
      { path: "on.1.job", message: expect.stringContaining("first → next → last → first") },
    ]);
    expect((await put("beside", { run: RUN, on: [{ job: "next" }] })).body.notes).toEqual([]);
    const shown = await call<ShownJobBody>("GET", "/v1/jobs/next");
    expect(shown.body.followed_by).toEqual([
      { job: "beside", outcomes: ["succeeded"] },
      { job: "last", outcomes: ["succeeded"] },
    ]);
    const listed = await call<JobListBody>("GET", "/v1/jobs");
    expect(listed.body.jobs.find(({ name }) => name === "first")).toMatchObject({
      starts_after: ["other", "last"],
      hooks: [],
    });
    await call("DELETE", "/v1/jobs/last");
    expect((await put("next", { run: RUN, on: [{ job: "first", outcome: "failed" }] })).body.notes).toEqual(
      [],
    );
  });

  it("tells of a run what it was started after and what started after it, and a re-run begins a chain of its own", async () => {
    await put("next", { run: RUN, on: [{ job: "first" }] });
    await put("last", { run: RUN, on: [{ job: "next", outcome: "finished" }] });
    const runId = await world.ends("first");
    await world.live();
    const first = (await call<RunBody>("GET", `/v1/runs/${runId}`)).body;
    const nextId = first.downstream[0]?.run_id ?? "";
    expect(first).toMatchObject({
      upstream: null,
      downstream: [{ job: "next", verdict: "started", detail: null, run: { status: "starting" } }],
    });
    const next = (await call<RunBody>("GET", `/v1/runs/${nextId}`)).body;
    const upstream = { run_id: runId, job: "first", outcome: "succeeded", reason: null, exit_code: 0 };
    expect(next).toMatchObject({ upstream, downstream: [] });
    const events = await call<{ events: { data: object }[] }>("GET", `/v1/runs/${nextId}/events`);
    expect(events.body.events[0]?.data).toMatchObject({ upstream });
    const again = await call<RunBody>("POST", `/v1/runs/${nextId}/rerun`, { delay: "1h" });
    expect(again.body, JSON.stringify(again.body)).toMatchObject({ rerun_of: nextId, upstream });
    const stored = await d1Store(env.DB).load(again.body.id);
    expect(stored?.run.upstream?.chain).toBeNull();
    expect(await verdicts(runId)).toEqual(["next started"]);
    await world.ends("next");
    expect((await call<{ alerts: [] }>("GET", "/v1/alerts?type=chain_stopped")).body.alerts).toEqual([]);
  });
});

it("what is old is forgotten, but for what waits", async () => {
  await world.put("next", [{ job: "first" }]);
  const [old, waiting] = [await world.ends("first"), await world.ends("second")];
  await world.live();
  await world.put("late", [{ job: "second" }]);
  const { handovers } = world.ports();
  world.now += HOUR;
  const young = await world.ends("first");
  await world.live();
  expect(await handovers.forget(T0 + HOUR, 100)).toBe(1);
  expect([await verdicts(old), await verdicts(waiting)]).toEqual([[], []]);
  expect(await verdicts(young)).toEqual(["next started"]);
  expect(await d1Handovers(env.DB).forget(T0 - HANDOVERS_KEPT_MS, 100)).toBe(0);
});

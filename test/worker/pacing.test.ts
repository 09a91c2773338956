import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { RunBody, RunListBody } from "../../src/api/run-schema.ts";
import { planAttempt } from "../../src/core/plan.ts";
import { submit } from "../../src/flow/submit.ts";
import { sweep } from "../../src/flow/sweep.ts";
import { apiPorts } from "../../src/worker/ports.ts";
import { aQueuedRun, aSpec, followedBy } from "../support/a-run.ts";

const ports = apiPorts(env);
const paced = apiPorts({ ...env, FLY_APPS: "paced-a,paced-b", LAUNCHES_PER_SECOND: "0.1" });

const asked = async <Body = RunBody>(path: string) =>
  (
    await exports.default.fetch(
      new Request(`https://mayfly.test${path}`, { headers: { authorization: "Bearer test-token" } }),
    )
  ).json<Body>();

/** A run that was stored, and whose launch in app `paced-c` is due so many milliseconds from now. */
async function waiting(inMs: number) {
  const now = Date.now();
  const queued = aQueuedRun({ command: ["sh", "-c", "exit 4"] }, now);
  const story = followedBy(queued, planAttempt(queued.state, null, now, { app: "paced-c", at: now + inMs }));
  await ports.store.accept(story.state, story.events, null);
  const { id } = story.state.run;
  return { id, dueAt: now + inMs, stub: env.RUN_DRIVER.getByName(id), state: story.state };
}

describe("launches of a deployment that has several apps", () => {
  it("are shared out by one row for each app, whichever worker takes them", async () => {
    const order = { orgId: "default", spec: aSpec({ command: ["true"] }), originId: null, key: null };
    const drivers = { ...ports.drivers, start: async () => {} };
    const runs = await Promise.all(Array.from({ length: 8 }, () => submit({ ...paced, drivers }, order)));
    const planned = runs.map(({ state }) => state.attempts[0]);
    expect(planned.filter((attempt) => attempt?.app === "paced-a")).toHaveLength(4);
    const waits = runs.map(({ state: { run, attempts } }) =>
      Math.floor(((attempts[0]?.createAskedAt ?? 0) - run.acceptedAt) / 9000),
    );
    expect(waits.toSorted((a, b) => a - b)).toEqual([0, 0, 0, 0, 1, 1, 2, 2]);
    const rows = await env.DB.prepare(
      "SELECT app FROM launch_pace WHERE app LIKE 'paced-%' ORDER BY app",
    ).all();
    expect(rows.results).toEqual([{ app: "paced-a" }, { app: "paced-b" }]);
    for (const { state } of runs) {
      const { waiting: what } = await asked(`/v1/runs/${state.run.id}`);
      const { createAskedAt = 0 } = state.attempts[0] ?? {};
      if (createAskedAt > state.run.acceptedAt)
        expect(what).toMatchObject({ for: "launch", until: new Date(createAskedAt).toISOString() });
      else expect(what).toBeNull();
      await paced.store.record(state, [{ type: "cancel_requested", at: Date.now() }], []);
    }
  });
});

describe("the line of launches", () => {
  it("is where the rest stand, by priority, and goes on by the sweep alone", async () => {
    const app = { ...env, FLY_APPS: "paced-line", LAUNCHES_PER_SECOND: "0.1" };
    const [line, drivers] = [apiPorts(app), { ...ports.drivers, start: async () => {} }];
    const order = (priority: number) =>
      submit(
        { ...line, drivers },
        { orgId: line.orgId, spec: aSpec({ command: ["true"], priority }), originId: null, key: null },
      );
    const submitted = [];
    for (const priority of [0, 0, 0, 0, 0, 0, 0, 5]) submitted.push(await order(priority));
    // Two at once, and three within half a minute.
    expect(submitted.map(({ state }) => state.attempts.length)).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
    const [first, second, urgent] = submitted.slice(5).map(({ state }) => state.run.id);
    const waiting = { for: "launch", key: null, limit: null, running: null };
    expect((await asked(`/v1/runs/${urgent}`)).waiting).toMatchObject({ ...waiting, place: 1 });
    expect((await asked(`/v1/runs/${second}`)).waiting).toMatchObject({ ...waiting, place: 3 });
    // A list counts no places, so that it tells no times.
    const { runs } = await asked<RunListBody>("/v1/runs?limit=1");
    expect(runs[0]).toMatchObject({ id: urgent, waiting: { ...waiting, place: null, until: null } });
    const nudged: string[] = [];
    const nudge = async (runId: string) => void nudged.push(runId);
    await sweep({ ...line, drivers: { ...drivers, nudge } });
    expect(nudged).toEqual([urgent]);
    // Here any number is launched, and whoever leaves the line calls the next.
    await ports.drivers.nudge(urgent ?? "");
    for (const runId of [urgent, first, second]) {
      const state = await ports.drivers.untilFinal(runId ?? "", 20_000);
      expect(state?.run).toMatchObject({ status: "succeeded", tickets: [] });
    }
    for (const { state } of submitted.slice(0, 5))
      await line.store.record(state, [{ type: "cancel_requested", at: Date.now() }], []);
  });
});

describe("the driver of a run that waits for its launch", () => {
  it("sleeps until it", async () => {
    const { id, stub, state, dueAt } = await waiting(60_000);
    await stub.start(state);
    const alarmOf = () => runInDurableObject(stub, (_, { storage }) => storage.getAlarm());
    await expect.poll(async () => Math.abs(((await alarmOf()) ?? 0) - dueAt)).toBeLessThan(3000);
    expect((await ports.store.load(id))?.attempts).toMatchObject([{ machineId: null }]);
  });

  it("asks for the machine on time, in its app and without a look for it, where it has lost its memory", async () => {
    const { id, stub, state, dueAt } = await waiting(3000);
    await stub.start(state);
    await abortAllDurableObjects();
    const again = env.RUN_DRIVER.getByName(id);
    await again.wake();
    const after = await again.untilFinal(20_000);
    expect(after?.run).toMatchObject({ status: "failed", exit: { code: 4 } });
    const events = await ports.store.events(id, 0, 100);
    const types = events.map(({ event }) => event.type);
    expect(types.slice(0, 4)).toEqual(["accepted", "attempt_planned", "launch_taken", "machine_created"]);
    const created = events[3]?.event.at ?? 0;
    expect(created).toBeGreaterThanOrEqual(dueAt);
    // Two looks would have been two seconds.
    expect(created).toBeLessThan(dueAt + 2000);
    const reply = await fetch(`${env.FLY_API_BASE_URL}/v1/apps/paced-c/machines?include_deleted=true`, {
      headers: { authorization: `Bearer ${env.FLY_API_TOKEN}` },
    });
    const made = await reply.json<{ name: string }[]>();
    expect(made.map(({ name }) => name)).toContain(state.attempts[0]?.machineName);
  });
});

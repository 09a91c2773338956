import { createScheduledController } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { MachineListBody } from "../../src/api/machine-schema.ts";
import { attemptOfMachine, machineName } from "../../src/core/id.ts";
import { REAP_UNKNOWN_RUN_AGE_MS } from "../../src/core/limits.ts";
import { METADATA_DEPLOYMENT, METADATA_RUN } from "../../src/core/machine.ts";
import { machineFiles } from "../../src/core/plan.ts";
import { deploymentOf } from "../../src/d1/deployment.ts";
import { d1FleetStore } from "../../src/d1/fleet-store.ts";
import type { Store } from "../../src/flow/ports.ts";
import { reap } from "../../src/flow/reap.ts";
import { submit } from "../../src/flow/submit.ts";
import { FlyClient } from "../../src/fly/client.ts";
import { flyFleet } from "../../src/fly/fleet.ts";
import worker from "../../src/worker/index.ts";
import { apiPorts, flowPorts, reapPorts, thisDeployment } from "../../src/worker/ports.ts";
import { aRunId, aSpec, aStartingRun, aSucceededRun, followedBy, T0 } from "../support/a-run.ts";
import { countedD1 } from "../support/counted-d1.ts";

const MINUTE = 60_000;
const [APP = ""] = (env.FLY_APPS ?? "").split(",");
const ports = apiPorts(env);
const fly = { app: APP, baseUrl: env.FLY_API_BASE_URL, token: env.FLY_API_TOKEN };
const client = new FlyClient(fly);

const made: { id: string; by: FlyClient }[] = [];
afterEach(async () => {
  for (const { id, by } of made.splice(0)) await by.destroyMachine(id).catch(() => undefined);
});

/** A machine made by hand, with the metadata that ours have. */
async function aMachine(name: string, metadata: Record<string, string>, by = client) {
  const runId = attemptOfMachine(name)?.runId;
  const { id } = await by.createMachine({
    name,
    config: {
      image: "debian:12",
      init: { exec: ["sleep", "600"] },
      auto_destroy: true,
      restart: { policy: "no" },
      metadata: { ...(runId && { [METADATA_RUN]: runId }), ...metadata },
    },
  });
  made.push({ id, by });
  await by.waitForState(id, "started", 10_000);
  return id;
}

const ours = async () => ({ [METADATA_DEPLOYMENT]: await thisDeployment(env)() });

const isAlive = async (id: string, of = client) => {
  const state = await of.getMachine(id).then(
    (machine) => machine.state,
    () => "destroyed",
  );
  return !["destroying", "destroyed"].includes(state);
};

const sweepAt = (ms: number) => reap({ ...reapPorts(env), clock: { now: () => Date.now() + ms } });

/** A run that is over, whose machine was known to be gone. */
async function anEndedRun(store: Store = ports.store) {
  const settled = aSucceededRun();
  const story = followedBy(settled, { type: "machine_released", at: T0 + 3000, attempt: 1, events: [] });
  await store.accept(story.state, story.events, null);
  return story.state.run.id;
}

const list = async (query = "") => {
  const response = await exports.default.fetch(
    new Request(`https://mayfly.test/v1/machines${query}`, {
      headers: { authorization: "Bearer test-token" },
    }),
  );
  return { status: response.status, body: await response.json<MachineListBody>() };
};

describe("the sweep over machines", () => {
  it("makes an id of the deployment, and every machine carries it", async () => {
    const id = await thisDeployment(env)();
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    const { state } = aStartingRun();
    const attempt = state.attempts[0];
    if (attempt === undefined) throw new Error("an attempt is planned");
    const { machineName: name, machineConfig } = attempt;
    const result = await flowPorts(env)
      .machinesOf(null)
      .create(name, machineConfig, machineFiles(state.run.spec, name));
    if (result.kind !== "created") throw new Error(`the machine is ${result.kind}`);
    made.push({ id: result.machine.id, by: client });
    expect(result.machine.metadata[METADATA_DEPLOYMENT]).toBe(id);
  });

  it("destroys a forgotten machine with the second sweep that finds it, and counts it", async () => {
    const id = await aMachine(machineName(await anEndedRun(), 1), await ours());
    const before = (await list()).body;
    expect(before.machines.find((machine) => machine.id === id)).toMatchObject({
      known: false,
      why: "run_is_over",
    });
    expect(before.counts.unknown).toBe(1);
    expect(await sweepAt(0)).toMatchObject({ unknown: 1, reaped: 0, problems: [] });
    expect(await sweepAt(1000)).toMatchObject({ unknown: 1, reaped: 0 });
    expect(await isAlive(id)).toBe(true);
    expect(await sweepAt(MINUTE)).toMatchObject({ unknown: 1, reaped: 1, problems: [] });
    expect(await isAlive(id)).toBe(false);
    const after = (await list()).body;
    expect(after.counts.unknown).toBe(0);
    expect(after.reaped.total - before.reaped.total).toBe(1);
    expect(after.reaped.last_24_hours - before.reaped.last_24_hours).toBe(1);
    expect(after.last_sweep_at).not.toBeNull();
  });

  it("logs a machine that it destroyed as information, and what stood in its way as an error", async () => {
    const logged = { info: [] as string[], error: [] as string[] };
    for (const level of ["info", "error"] as const)
      vi.spyOn(console, level).mockImplementation((line) => void logged[level].push(line));
    try {
      const ofMachines = (lines: string[]) =>
        lines.map((line) => JSON.parse(line).sweep?.machines).filter((told) => told !== undefined);
      await aMachine(machineName(await anEndedRun(), 1), await ours());
      await sweepAt(-MINUTE);
      await worker.scheduled(createScheduledController(), env);
      expect(ofMachines(logged.info)).toMatchObject([{ reaped: 1, problems: [] }]);
      expect(ofMachines(logged.error)).toEqual([]);
      // With nothing to destroy there is nothing to tell.
      await worker.scheduled(createScheduledController(), env);
      expect(ofMachines(logged.info)).toHaveLength(1);
      await worker.scheduled(createScheduledController(), { ...env, FLY_API_BASE_URL: "http://127.0.0.1:9" });
      expect(ofMachines(logged.error)).toMatchObject([{ problems: [expect.any(String)] }]);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it("destroys a machine of a run that is in no database once it is old, whatever its name", async () => {
    const ids = [
      await aMachine(machineName(aRunId(), 1), await ours()),
      await aMachine("made-by-hand", await ours()),
    ];
    await sweepAt(0);
    expect(await sweepAt(MINUTE)).toMatchObject({ unknown: 2, reaped: 0 });
    expect(await sweepAt(REAP_UNKNOWN_RUN_AGE_MS + MINUTE)).toMatchObject({ unknown: 2, reaped: 2 });
    expect(await Promise.all(ids.map((id) => isAlive(id)))).toEqual([false, false]);
  });

  it("takes a copy of the database in another place for another deployment, and never touches its machines", async () => {
    const idOf = (place: string) => deploymentOf(env.DB, place)();
    expect(await idOf("a")).toBe(await idOf("a"));
    const id = await idOf("where the copy is");
    expect(id).not.toBe(await thisDeployment(env)());
    const copys = await aMachine(machineName(await anEndedRun(), 1), { [METADATA_DEPLOYMENT]: id });
    for (const ms of [0, MINUTE])
      expect(await sweepAt(ms)).toMatchObject({ known: 0, unknown: 0, reaped: 0 });
    expect(await isAlive(copys)).toBe(true);
  });

  it("never touches a machine without our metadata, nor one of another deployment", async () => {
    const ended = await anEndedRun();
    const foreign = [
      await aMachine("somebodys-web-server", {}),
      await aMachine(machineName(ended, 1), {}),
      await aMachine(machineName(ended, 2), { [METADATA_DEPLOYMENT]: "another" }),
    ];
    for (const ms of [0, MINUTE, 24 * 60 * MINUTE])
      expect(await sweepAt(ms)).toEqual({ known: 0, unknown: 0, reaped: 0, problems: [] });
    expect((await list()).body.machines).toEqual([]);
    expect(await Promise.all(foreign.map((id) => isAlive(id)))).toEqual([true, true, true]);
  });

  it("never does where the list is not filtered as asked: each machine's own word comes first", async () => {
    // An app of its own: other tests have machines in the usual one.
    const app = `unfiltered-${crypto.randomUUID()}`;
    await fetch(`${fly.baseUrl}/v1/apps`, {
      method: "POST",
      headers: { authorization: `Bearer ${fly.token}` },
      body: JSON.stringify({ app_name: app, org_slug: "personal" }),
    });
    const ended = await anEndedRun();
    const name = machineName(ended, 1);
    const foreign = await aMachine(
      name,
      { [METADATA_DEPLOYMENT]: "another" },
      new FlyClient({ ...fly, app }),
    );
    const deployment = async () => Object.values(await ours())[0] ?? "";
    const unfiltered = new FlyClient({
      ...fly,
      app,
      fetch: (url, init) => fetch(String(url).replace(/metadata\.[^&]*/, ""), init),
    });
    const fleets = [flyFleet(app, unfiltered, deployment)];
    const sweep = (ms: number) => reap({ ...reapPorts(env), fleets, clock: { now: () => Date.now() + ms } });
    expect(await sweep(0)).toMatchObject({ unknown: 1 });
    expect(await sweep(MINUTE)).toMatchObject({
      reaped: 0,
      problems: [`machine ${foreign} of ${app} is listed as ours and does not say so itself`],
    });
    expect(await isAlive(foreign, unfiltered)).toBe(true);
  });

  it("leaves the machines of runs that are launched and at work meanwhile", async () => {
    const { state } = await submit(ports, {
      orgId: "default",
      spec: aSpec({ command: ["sh", "-c", "echo on; sleep 2; echo off"] }),
      originId: null,
      key: null,
    });
    let seen = 0;
    while ((await ports.store.load(state.run.id))?.run.open !== false) {
      const { reaped, known, unknown } = await sweepAt(seen * MINUTE);
      expect({ reaped, unknown }).toEqual({ reaped: 0, unknown: 0 });
      seen += known;
      await scheduler.wait(50);
    }
    expect(seen).toBeGreaterThan(3);
    const run = (await ports.store.load(state.run.id))?.run;
    expect(run).toMatchObject({ status: "succeeded", output: { stdoutBytes: 7, complete: true } });
  });

  it("costs five statements and a row where there is nothing to do", async () => {
    // The other apps that these tests have had.
    await env.DB.prepare("DELETE FROM fleets WHERE app <> ?").bind(APP).run();
    await sweepAt(0);
    const { database, counts } = countedD1(env.DB);
    await reap({ ...reapPorts(env), fleetStore: d1FleetStore(database) });
    console.log("a sweep over no machines:", counts);
    expect(counts).toMatchObject({ rowsWritten: 1, statements: 5 });
  });
});

describe("GET /v1/machines", () => {
  it("tells of each machine whose it is, in pages", async () => {
    const starting = aStartingRun();
    await ports.store.accept(starting.state, starting.events, null);
    const { run } = starting.state;
    const ids = [
      await aMachine(machineName(run.id, 1), await ours()),
      await aMachine("made-by-hand", await ours()),
      await aMachine(machineName(await anEndedRun(), 3), await ours()),
    ];
    const { body } = await list();
    expect(body.machines.map(({ id }) => id)).toEqual(ids.toSorted());
    expect(body.counts).toEqual({ known: 1, unknown: 2 });
    expect(body.machines.find(({ id }) => id === ids[0])).toEqual({
      id: ids[0],
      app: APP,
      name: machineName(run.id, 1),
      run_id: run.id,
      attempt: 1,
      state: "started",
      region: expect.any(String),
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      known: true,
      why: "attempt_under_way",
    });
    expect(body.machines.find(({ id }) => id === ids[1])).toMatchObject({
      run_id: null,
      attempt: null,
      known: false,
      why: "run_is_unknown",
    });
    const first = (await list("?limit=2")).body;
    const second = (await list(`?limit=2&cursor=${first.next_cursor}`)).body;
    expect([...first.machines, ...second.machines]).toEqual(body.machines);
    expect(second.next_cursor).toBeNull();
    const unknown = (await list("?known=false")).body;
    expect(unknown.machines.map(({ id }) => id)).toEqual([ids[1] ?? "", ids[2] ?? ""].toSorted());
    expect(unknown.counts).toEqual({ known: 1, unknown: 2 });
  });

  it.each([
    ["?known=maybe", "query.known", 'must be "true" or "false"'],
    ["?limit=0", "query.limit", "whole number from 1 to 200"],
    ["?limit=x", "query.limit", "whole number from 1 to 200"],
    ["?cursor=m1", "query.cursor", "must be the next_cursor of the page before"],
    ["?state=started", "query.state", "unknown field"],
  ])("refuses %s", async (query, path, says) => {
    const { status, body } = await list(query);
    expect({ status, body }).toMatchObject({
      status: 422,
      body: { error: { code: "invalid_input", path, message: expect.stringContaining(says) } },
    });
  });

  it("wants the token", async () => {
    const response = await exports.default.fetch(new Request("https://mayfly.test/v1/machines"));
    expect(response.status).toBe(401);
  });

  it("says in a sentence where the Machines API does not answer", async () => {
    const away = new FlyClient({ ...fly, baseUrl: "http://127.0.0.1:9" });
    const fleets = [flyFleet("away", away, async () => "x")];
    const { createApi } = await import("../../src/api/app.ts");
    const response = await createApi({ ...ports, fleets }).request("/v1/machines", {
      headers: { authorization: "Bearer test-token" },
    });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      error: {
        code: "unavailable",
        message: expect.stringContaining("the machines of the app away can not be had right now: GET http"),
      },
    });
    expect(await reap({ ...reapPorts(env), fleets })).toMatchObject({
      problems: [expect.stringContaining("GET http")],
    });
  });
});

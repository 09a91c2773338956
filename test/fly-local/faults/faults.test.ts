import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { WireMachine } from "../../../src/fly/wire.ts";
import { api, eventLines, exitEvent, LIVES, machines, processesOf, serve, stateDir } from "../support.ts";

describe("faults", async () => {
  const fly = await serve({ isolation: "process" });
  const arm = async (fault: object) =>
    expect((await fly.call("POST", "/_control/faults", fault)).status).toBe(204);
  const config = { image: "x", init: { exec: LIVES }, auto_destroy: true, restart: { policy: "no" } };
  const list = async () => (await fly.call<{ id: string; name: string }[]>("GET", machines)).body;

  afterEach(async () => {
    await fly.call("DELETE", "/_control/faults");
    for (const { id } of await list())
      await fly.call("DELETE", `${machines}/${id}?force=true`).then(() => fly.wait(id, "destroyed"));
  });

  it("before the effect answer in its place, as often as counted", async () => {
    const body = { error: "could not find a candidate host", status: "insufficient_capacity" };
    await arm({ operation: "create", kind: "error_before", status: 422, body, count: 2 });
    for (const _ of [1, 2])
      expect(await fly.call("POST", machines, { config })).toMatchObject({ status: 422, body });
    expect(await list()).toEqual([]);
    expect((await fly.call("POST", machines, { config })).status).toBe(200);
  });

  it("after the effect hide it: the machine is there", async () => {
    await arm({ operation: "create", kind: "error_after", status: 504, body: "upstream request timeout" });
    const reply = await fly.call("POST", machines, { name: "hidden", config });
    expect(reply).toMatchObject({ status: 504, body: "upstream request timeout" });
    expect((await list()).map((machine) => machine.name)).toEqual(["hidden"]);
  });

  it("drop the connection after the effect", async () => {
    await arm({ operation: "create", kind: "drop" });
    await expect(fly.call("POST", machines, { name: "dropped", config })).rejects.toThrow();
    expect((await list()).map((machine) => machine.name)).toEqual(["dropped"]);
  });

  it("hang without an effect until the client gives up", async () => {
    await arm({ operation: "create", kind: "hang" });
    const impatient = { signal: AbortSignal.timeout(50) };
    await expect(fly.call("POST", machines, { config }, impatient)).rejects.toThrow();
    expect(await list()).toEqual([]);
  });

  it("slow a call down", async () => {
    await arm({ operation: "list", kind: "slow", delay_ms: 60 });
    const before = performance.now();
    expect(await list()).toEqual([]);
    expect(performance.now() - before).toBeGreaterThanOrEqual(55);
  });

  it("are refused where they are misspelt, and calls are counted per operation", async () => {
    expect(
      (await fly.call("POST", "/_control/faults", { operation: "create", kind: "explode" })).status,
    ).toBe(400);
    const before = (await fly.call<Record<string, number>>("GET", "/_control/calls")).body;
    await list();
    const after = (await fly.call<Record<string, number>>("GET", "/_control/calls")).body;
    expect((after.list ?? 0) - (before.list ?? 0)).toBe(1);
  });
});

describe("more faults", async () => {
  const fly = await serve({ isolation: "process" });
  const refused = async (fault: object) => fly.call("POST", "/_control/faults", fault);
  const arm = async (fault: object) => expect(await refused(fault)).toMatchObject({ status: 204 });
  const armed = async () => (await fly.call<{ met: number }[]>("GET", "/_control/faults")).body;
  const config = { image: "x", init: { exec: LIVES }, auto_destroy: true, restart: { policy: "no" } };
  const create = () =>
    fly.call<WireMachine & { error?: string; status?: string }>("POST", machines, { config });
  const list = async () => (await fly.call<WireMachine[]>("GET", machines)).body;
  const started = async () => {
    const { id } = (await create()).body;
    await fly.wait(id, "started");
    return id;
  };

  afterEach(async () => {
    await fly.call("DELETE", "/_control/faults");
    for (const { id } of await list())
      await fly.call("DELETE", `${machines}/${id}?force=true`).then(() => fly.wait(id, "destroyed"));
  });

  it.each([
    ["region", 422, "could not find a candidate host", "insufficient_capacity"],
    ["region_unavailable", 503, "could not find a candidate host", "insufficient_capacity"],
    [
      "volume",
      412,
      "insufficient resources to create new machine with existing volume id",
      "volume_placement_capacity",
    ],
    ["cpus", 409, "insufficient CPUs available", undefined],
    ["memory", 409, "insufficient memory available", undefined],
    ["resources", 409, "insufficient resources available", undefined],
    ["ips", 409, "insufficient IPs available", undefined],
    ["plain", 409, "aborted: no capacity", undefined],
    ["governor", 409, "governor policy blocked start", undefined],
    ["deploys_disabled", 409, "deploys to this host are temporarily disabled", undefined],
    ["volume_create", 400, "no capacity", undefined],
    ["volume_hold", 422, "machine capacity hold failed: insufficient CPUs", undefined],
    ["plan", 422, "reached the limit", undefined],
    ["quota", 403, "over the allowed quota", undefined],
  ])("say that there is no room, in the shape %s", async (shape, status, error, code) => {
    await arm({ operation: "create", kind: "no_capacity", shape });
    const reply = await create();
    expect(reply).toMatchObject({ status, body: { error: expect.stringContaining(error) } });
    expect(reply.body.status).toBe(code);
    expect(await list()).toEqual([]);
  });

  it.each([
    [408, { error: "deadline_exceeded: context deadline exceeded" }],
    [429, { error: "rate limit exceeded" }],
    [502, "Bad Gateway"],
    [504, "upstream request timeout"],
  ])("after a create took effect answer %i in the words that go with it", async (status, body) => {
    await arm({ operation: "create", kind: "error_after", status });
    expect(await create()).toMatchObject({ status, body });
    expect(await list()).toHaveLength(1);
  });

  it("keep a machine created while its image is slow to come, and starting while it boots slowly", async () => {
    await arm({ operation: "pull", kind: "slow", delay_ms: 600 });
    await arm({ operation: "boot", kind: "slow", delay_ms: 600 });
    const begun = performance.now();
    const { id } = (await create()).body;
    expect((await fly.get(id)).state).toBe("created");
    await expect.poll(async () => (await fly.get(id)).state).toBe("starting");
    expect((await fly.wait(id, "started")).status).toBe(200);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(1_190);
  });

  it("of a slow boot do not hold up the end of a machine, which is not started any more", async () => {
    await arm({ operation: "boot", kind: "slow", delay_ms: 60_000 });
    const { id } = (await create()).body;
    await expect.poll(async () => (await fly.get(id)).state).toBe("starting");
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    expect((await fly.wait(id, "destroyed", 10)).status).toBe(200);
    expect(eventLines((await fly.get(id)).events)).toEqual([
      "destroy/destroyed/user",
      "destroy/destroying/user",
      "start/starting/flyd",
      "launch/created/user",
    ]);
  });

  it("of a slow boot do not hold up the end of the server", async () => {
    const { startMachinesServer } = await import("../../../src/fly-local/server.ts");
    const server = await startMachinesServer({
      port: 0,
      stateDir: stateDir(),
      isolation: "process",
      images: "host",
    });
    const other = api(server.url);
    const slow = { kind: "slow", delay_ms: 60_000 };
    await other.call("POST", "/_control/faults", { operation: "boot", ...slow });
    const { id } = await other.create(LIVES);
    await expect.poll(async () => (await other.get(id)).state).toBe("starting");
    await other.call("POST", "/_control/faults", { operation: "pull", ...slow });
    await other.create(LIVES, {}, { skip_launch: true });
    await server.close();
  });

  it("let an exec fail midway, whose effect is there all the same", async () => {
    const id = await started();
    await arm({ operation: "exec", kind: "error_midway", delay_ms: 60 });
    const file = `/tmp/mayfly-midway-${id}`;
    const script = `echo half; until [ -e ${file} ]; do sleep 0.01; done; rm ${file}; touch ${file}.done`;
    expect(await fly.exec(id, ["sh", "-c", script])).toMatchObject({
      status: 412,
      body: { error: "failed_precondition: exec request failed: EOF" },
    });
    const wait = `touch ${file}; until [ -e ${file}.done ]; do sleep 0.01; done; rm ${file}.done; echo done`;
    expect((await fly.exec(id, ["sh", "-c", wait])).body.stdout).toBe("done\n");
  });

  it("answer an exec late that was through at once", async () => {
    const id = await started();
    await arm({ operation: "exec", kind: "late", delay_ms: 120 });
    const begun = performance.now();
    const late = await fly.exec(id, ["date", "+%s%3N"]);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(118);
    expect(Date.now() - Number(late.body.stdout)).toBeGreaterThanOrEqual(100);
    await arm({ operation: "exec", kind: "late", delay_ms: 10 });
    expect((await fly.exec(id, [])).status).toBe(400);
  });

  it("hang a wait that would be over", async () => {
    const id = await started();
    await arm({ operation: "wait", kind: "hang" });
    const impatient = { signal: AbortSignal.timeout(60) };
    const path = `${machines}/${id}/wait?state=started`;
    await expect(fly.call("GET", path, undefined, impatient)).rejects.toThrow();
    expect((await fly.call("GET", path)).status).toBe(200);
  });

  it("lose the response of any call, whichever is next", async () => {
    await arm({ operation: "*", kind: "drop", count: 2 });
    await expect(create()).rejects.toThrow();
    await expect(list()).rejects.toThrow();
    expect(await list()).toHaveLength(1);
  });

  it("show empty lists", async () => {
    await started();
    await arm({ operation: "list", kind: "empty" });
    await arm({ operation: "list_apps", kind: "empty" });
    expect(await list()).toEqual([]);
    expect((await fly.call<{ apps: [] }>("GET", "/v1/apps?org_slug=local")).body.apps).toEqual([]);
    expect(await list()).toHaveLength(1);
  });

  it("lose a machine: its host is unreachable, and then it is gone without a word of how it ended", async () => {
    const id = await started();
    const other = await started();
    await arm({ kind: "machine_lost", machine: id });
    expect((await fly.get(id)).host_status).toBe("unreachable");
    expect((await fly.get(other)).host_status).toBe("ok");
    const statuses = (await list()).map((machine) => [machine.id, machine.host_status]);
    expect(Object.fromEntries(statuses)).toEqual({ [id]: "unreachable", [other]: "ok" });
    for (const [method, path] of [
      ["POST", "/stop"],
      ["POST", "/start"],
      ["POST", "/exec"],
      ["POST", "/signal"],
      ["DELETE", "?force=true"],
    ] as const)
      expect((await fly.call(method, `${machines}/${id}${path}`)).status, path).toBe(503);
    expect((await fly.exec(other, ["true"])).status).toBe(200);
    await arm({ kind: "machine_lost", machine: id, gone_after_ms: 0 });
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
    const gone = await fly.get(id);
    expect(gone.state).toBe("destroyed");
    expect(exitEvent(gone)).toBeNull();
    await expect.poll(() => processesOf(id)).toEqual([]);
    expect((await refused({ kind: "machine_lost", machine: "none" })).status).toBe(400);
  });

  it("start what stands by for a machine that is gone, and nothing else", async () => {
    const id = await started();
    const make = async (standbys: unknown) => {
      const body = { config: { ...config, standbys }, skip_launch: true };
      const { id: standby } = (await fly.call<WireMachine>("POST", machines, body)).body;
      await fly.wait(standby, "stopped");
      return standby;
    };
    const [standby, other] = [await make(["none", id]), await make(["none"])];
    await arm({ kind: "machine_lost", machine: id, gone_after_ms: 0 });
    expect((await fly.wait(standby, "started")).status).toBe(200);
    expect(eventLines((await fly.get(standby)).events).slice(0, 2)).toEqual([
      "start/started/flyd",
      "start/starting/flyd",
    ]);
    expect((await fly.get(other)).state).toBe("stopped");
    const refusal = await fly.call("POST", machines, { config: { ...config, standbys: id } });
    expect(refusal).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("config.standbys: ") },
    });
  });

  it("take an accepted update back: the old version is there again, stopped, and says so", async () => {
    const old = (await create()).body;
    const { id } = old;
    await fly.wait(id, "started");
    await arm({ operation: "update", kind: "revert", delay_ms: 300 });
    const body = { config: { ...config, env: { WHICH: "new" } } };
    // A call that is refused is no update that could be taken back.
    expect((await fly.call("POST", `${machines}/${id}`, { config: {} })).status).toBe(400);
    const begun = performance.now();
    const updated = (await fly.call<WireMachine>("POST", `${machines}/${id}`, body)).body;
    expect(updated).toMatchObject({ state: "replacing", config: { env: { WHICH: "new" } } });
    expect(updated.instance_id).not.toBe(old.instance_id);
    // While nothing is known of it, the machine is the new one.
    expect(await fly.get(id)).toMatchObject({ state: "replacing", instance_id: updated.instance_id });
    expect((await fly.call("POST", `${machines}/${id}/start`)).status).toBe(412);
    expect((await fly.wait(id, "stopped")).status).toBe(200);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(298);
    const reverted = await fly.get(id);
    expect(reverted).toMatchObject({ state: "stopped", instance_id: old.instance_id });
    expect(reverted.config).toEqual(old.config);
    expect(eventLines(reverted.events).slice(0, 3)).toEqual([
      "revert/stopped/flyd",
      "exit/stopped/flyd",
      "update/replacing/user",
    ]);
    const versions = await fly.call<{ version: string }[]>("GET", `${machines}/${id}/versions`);
    expect(versions.body.map(({ version }) => version)).toEqual([old.instance_id, updated.instance_id]);
    // A wait for the version that never was is told so.
    const settled = `${machines}/${id}/wait?version=${updated.instance_id}&state=settled`;
    expect((await fly.call<{ state: string }>("GET", settled)).body.state).toBe("replaced");
    // Once and no more; and the version that came back can be left again.
    const again = (await fly.call<WireMachine>("POST", `${machines}/${id}`, body)).body;
    await fly.wait(id, "stopped");
    expect(await fly.get(id)).toMatchObject({
      instance_id: again.instance_id,
      config: { env: { WHICH: "new" } },
    });
    expect(await armed()).toMatchObject([{ kind: "revert", met: 1 }]);
  });

  it("taken back or not, a machine that is destroyed meanwhile is gone", async () => {
    const id = await started();
    await arm({ operation: "update", kind: "revert", delay_ms: 50 });
    await fly.call("POST", `${machines}/${id}`, { config });
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
    await fly.call("DELETE", "/_control/faults");
    const next = await started();
    await arm({ operation: "update", kind: "revert", machine: id });
    await fly.call("POST", `${machines}/${next}`, { config });
    expect((await fly.wait(next, "started")).status).toBe(200);
    expect((await fly.get(id)).state).toBe("destroyed");
  });

  it("skew the server's clock", async () => {
    await arm({ kind: "clock_skew", skew_ms: -3_600_000 });
    const { body, headers } = await create();
    const hour = (time: string) => Math.round((Date.now() - new Date(time).getTime()) / 3_600_000);
    expect(hour(body.created_at ?? "")).toBe(1);
    expect(hour(headers.get("date") ?? "")).toBe(1);
    expect(await armed()).toMatchObject([{ kind: "clock_skew", skew_ms: -3_600_000, met: 1 }]);
    await fly.call("DELETE", "/_control/faults");
    expect(await armed()).toEqual([]);
    expect(hour((await create()).body.created_at ?? "")).toBe(0);
  });

  it("are ended by a DELETE of any client's, and by no page's in a browser", async () => {
    const end = async (headers: Record<string, string>) =>
      (await fetch(`${fly.url}/_control/faults`, { method: "DELETE", headers })).status;
    await arm({ operation: "list", kind: "hang" });
    expect(await end({ origin: "https://evil.example" })).toBe(403);
    expect(await armed()).toHaveLength(1);
    expect(await end({})).toBe(204);
    expect(await armed()).toEqual([]);
  });

  it("of one app or one machine leave others alone", async () => {
    await arm({ operation: "list", kind: "error_before", app: "other" });
    expect(await list()).toEqual([]);
    expect((await fly.call("GET", "/v1/apps/other/machines")).status).toBe(500);
    const [one, two] = [await started(), await started()];
    await arm({ operation: "exec", kind: "error_before", machine: two });
    expect((await fly.exec(one, ["true"])).status).toBe(200);
    expect((await fly.exec(two, ["true"])).status).toBe(500);
  });

  it("meet the same calls for the same seed, and are counted", async () => {
    const pattern = async (seed: number) => {
      await fly.call("DELETE", "/_control/faults");
      await arm({ operation: "list", kind: "error_before", probability: 0.4, seed, count: 1000, after: 2 });
      const statuses: number[] = [];
      for (let call = 0; call < 40; call++) statuses.push((await fly.call("GET", machines)).status);
      const met = statuses.filter((status) => status === 500).length;
      expect(await armed()).toMatchObject([{ met }]);
      expect(statuses.slice(0, 2)).toEqual([200, 200]);
      expect(met).toBeGreaterThan(5);
      expect(met).toBeLessThan(30);
      return statuses;
    };
    const first = await pattern(7);
    expect(await pattern(7)).toEqual(first);
    expect(await pattern(8)).not.toEqual(first);
  });

  it.each([
    [{ operation: "creat", kind: "hang" }, 'operation: "creat" is none of *, pull, boot, '],
    [{ operation: "create", kind: "hang", coutn: 2 }, "coutn"],
    [{ operation: "create", kind: "no_capacity", shape: "moon" }, "shape: "],
    [{ operation: "pull", kind: "hang" }, "kind: pull and boot can be slow only"],
    [{ operation: "create", kind: "revert" }, 'operation: only "update" can be reverted'],
    [{ kind: "revert" }, 'operation: only "update" can be reverted'],
    [{ kind: "machine_lost" }, "machine: the id"],
    [{ operation: "create", kind: "hang", probability: 2 }, "probability: "],
    [
      { operation: "create", kind: "slow", delay_ms: 3e9 },
      "delay_ms: Too big: expected number to be <=86400000",
    ],
    [{ kind: "machine_lost", machine: "x", gone_after_ms: 3e9 }, "gone_after_ms: Too big"],
    [{ kind: "clock_skew", skew_ms: 1e15 }, "skew_ms: Too big"],
    ["no json", ""],
  ])("are refused where they could never be met as meant: %o", async (fault, words) => {
    const reply = await refused(fault as object);
    expect(reply.status).toBe(400);
    expect(reply.body.error).toContain(words);
    expect(await armed()).toEqual([]);
  });

  it("begin with those of a file, and a file that is none keeps the server from starting", async () => {
    const file = join(stateDir(), "faults.json");
    writeFileSync(file, JSON.stringify([{ operation: "list", kind: "error_before", status: 429 }]));
    const other = await serve({ isolation: "process", faultsFile: file });
    expect((await other.call("GET", machines)).status).toBe(429);
    expect((await other.call("GET", machines)).status).toBe(200);
    for (const [text, words] of [
      ["{", "JSON"],
      ['[{"operation":"list","kind":"explode"}]', "0.kind: "],
      ['[{"operation":"lists","kind":"hang"}]', '"lists" is none of'],
    ] as const) {
      writeFileSync(file, text);
      const start = serve({ isolation: "process", faultsFile: file });
      await expect(start).rejects.toThrow(words);
      await expect(start).rejects.toThrow(file);
    }
  });
});

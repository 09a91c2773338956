import { describe, expect, it } from "vitest";
import type { WireMachine } from "../../../src/fly/wire.ts";
import { HandClock } from "../hand-clock.ts";
import { LIVES, machines, serve } from "../support.ts";

interface Envelope {
  status: string;
  message?: string;
  code?: string;
  error?: string;
  data: { nonce: string; expires_at: number; owner: string; description: string; version: string };
}

const START = 1_700_000_000_000;

describe("a lease", async () => {
  const clock = new HandClock(START);
  const fly = await serve({ isolation: "process", clock });
  const config = { image: "alpine", init: { exec: LIVES }, restart: { policy: "no" } };
  const withNonce = (nonce: string) => ({
    headers: { authorization: "Bearer other", "fly-machine-lease-nonce": nonce },
  });
  const lease = (id: string, query = "", body?: unknown, init?: RequestInit) =>
    fly.call<Envelope>("POST", `${machines}/${id}/lease${query}`, body, init);
  const idle = async () => (await fly.create(LIVES, {}, { skip_launch: true })).id;
  const leased = async (ttl: number) => {
    const id = await idle();
    await fly.wait(id, "stopped");
    return { id, nonce: (await lease(id, `?ttl=${ttl}`)).body.data.nonce };
  };

  it("is given with 201 in an envelope, its ttl from the body or the query", async () => {
    const id = await idle();
    const made = await lease(id, "", { ttl: 30, description: "deploy" });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      status: "success",
      data: {
        nonce: expect.stringMatching(/^[0-9a-f]{12}$/),
        expires_at: clock.now() / 1000 + 30,
        owner: expect.stringMatching(/^[0-9a-f-]{36}@tokens\.fly\.io$/),
        description: "deploy",
        version: (await fly.get(id)).instance_id,
      },
    });
    expect((await fly.call("GET", `${machines}/${id}/lease`)).body).toEqual(made.body);
    const other = await idle();
    expect((await lease(other, "?ttl=90")).body.data.expires_at).toBe(clock.now() / 1000 + 90);
    for (const ttl of ["-1", "0.5", "1e20", "soon"])
      expect((await lease(other, `?ttl=${ttl}`)).status).toBe(400);
  });

  it("is refreshed by its nonce, which stays the same", async () => {
    const { id, nonce } = await leased(10);
    clock.advance(5_000);
    const refreshed = (await lease(id, "", { ttl: 10 }, withNonce(nonce))).body.data;
    expect(refreshed).toMatchObject({ nonce, expires_at: clock.now() / 1000 + 10 });
  });

  it("of somebody else is refused with 409, who holds it and until when", async () => {
    const { id } = await leased(10);
    const refused = await lease(id);
    expect(refused.status).toBe(409);
    expect(refused.body).toEqual({
      status: "error",
      message: expect.stringMatching(
        new RegExp(
          `^machine ID ${id} lease currently held by \\S+@tokens.fly.io, expires at \\d{4}-[-\\d]+T[:\\d]+Z$`,
        ),
      ),
      code: "invalid",
    });
  });

  it.each([
    ["POST", "/start"],
    ["POST", "/suspend"],
    ["POST", "/restart"],
    ["POST", "/cordon"],
    ["POST", "/uncordon"],
    ["POST", "", { config }],
  ])("refuses %s %s at once without its nonce", async (method, path, body?: object) => {
    const { id } = await leased(10);
    const refused = await fly.call<Envelope>(method, `${machines}/${id}${path}`, body);
    expect(refused).toMatchObject({ status: 409, body: { status: "error", code: "invalid" } });
    expect((await fly.get(id)).state).toBe("stopped");
  });

  it("lets its holder change the machine, and outlives an update", async () => {
    const { id, nonce } = await leased(10);
    const url = `${machines}/${id}`;
    const updated = await fly.call<WireMachine>("POST", url, { config }, withNonce(nonce));
    expect(updated.status).toBe(200);
    const { body } = await fly.call<Envelope>("GET", `${url}/lease`);
    expect(body.data).toMatchObject({ nonce, version: updated.body.instance_id });
    await fly.wait(id, "stopped");
    expect((await fly.call("POST", `${url}/start`, undefined, withNonce(nonce))).status).toBe(200);
    expect((await fly.call("DELETE", `${url}?force=true`, undefined, withNonce(nonce))).status).toBe(200);
  });

  it("does not touch what needs none: exec, signal, metadata, wait and list", async () => {
    const { id, nonce } = await leased(60);
    const url = `${machines}/${id}`;
    await fly.call("POST", `${url}/start`, undefined, withNonce(nonce));
    expect((await fly.wait(id, "started")).status).toBe(200);
    expect((await fly.exec(id, ["true"])).status).toBe(200);
    expect((await fly.call("POST", `${url}/metadata/a`, { value: "b" })).status).toBe(204);
    expect((await fly.call("POST", `${url}/signal`, { signal: 9 })).status).toBe(200);
  });

  it.each([
    ["POST", "/stop"],
    ["DELETE", "?force=true"],
  ])("holds up %s %s until it is over", async (method, path) => {
    const { id, nonce } = await leased(20);
    const url = `${machines}/${id}`;
    const before = clock.waiting;
    const calls = [fly.call(method, `${url}${path}`), fly.call(method, `${url}${path}`)];
    while (clock.waiting < before + 2) await new Promise(setImmediate);
    await fly.call("POST", `${url}/start`, undefined, withNonce(nonce));
    expect((await fly.wait(id, "started")).status).toBe(200);
    clock.advance(20_000);
    expect((await Promise.all(calls)).map((reply) => reply.status)).toEqual([200, 200]);
    // An auto_destroy machine that is stopped is gone.
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
  });

  it("lets a stop through as soon as it is released", async () => {
    const { id, nonce } = await leased(20);
    const url = `${machines}/${id}`;
    const before = clock.waiting;
    const stop = fly.call("POST", `${url}/stop`);
    while (clock.waiting === before) await new Promise(setImmediate);
    expect((await fly.call("DELETE", `${url}/lease`)).status).toBe(400);
    expect((await fly.call("DELETE", `${url}/lease`, undefined, withNonce("000000000000"))).status).toBe(409);
    const released = await fly.call("DELETE", `${url}/lease`, undefined, withNonce(nonce));
    expect(released).toMatchObject({ status: 200, body: { status: "success", data: { ok: true } } });
    expect((await stop).status).toBe(200);
  });

  it("is over after its ttl, and then not found, nor is it on a destroyed machine", async () => {
    const { id, nonce } = await leased(10);
    clock.advance(10_000);
    const notFound = {
      status: 404,
      body: { status: "error", message: `machine ID ${id} lease not found`, code: "not_found" },
    };
    expect(await fly.call("GET", `${machines}/${id}/lease`)).toMatchObject(notFound);
    await fly.call("DELETE", `${machines}/${id}`);
    await fly.wait(id, "destroyed");
    const release = await fly.call("DELETE", `${machines}/${id}/lease`, undefined, withNonce(nonce));
    expect(release).toMatchObject(notFound);
    expect((await lease(id)).status).toBe(404);
  });

  it("ends with its machine, and so does the wait for it", async () => {
    const { id, nonce } = await leased(1_000);
    const url = `${machines}/${id}`;
    const before = clock.waiting;
    const stop = fly.call("POST", `${url}/stop`);
    while (clock.waiting === before) await new Promise(setImmediate);
    await fly.call("DELETE", url, undefined, withNonce(nonce));
    expect((await stop).status).toBe(200);
  });

  it("comes with the create that asks for one, and shows in lists that ask for it", async () => {
    const machine = await fly.create(LIVES, {}, { skip_launch: true, lease_ttl: 40, name: "with-lease" });
    expect(machine.nonce).toMatch(/^[0-9a-f]{12}$/);
    expect((await lease(machine.id)).status).toBe(409);
    const rows = async (query: string) => (await fly.call<WireMachine[]>("GET", `${machines}?${query}`)).body;
    const row = (await rows("include_leases=true")).find(({ id }) => id === machine.id);
    expect(row?.lease).toMatchObject({ nonce: machine.nonce });
    expect((await rows("")).some((each) => "lease" in each)).toBe(false);
  });
});

describe("a lease, where the server is told to refuse instead of waiting", async () => {
  const fly = await serve({ isolation: "process", leaseConflict: "refuse" });

  it.each([
    ["POST", "/stop"],
    ["DELETE", "?force=true"],
  ])("refuses %s %s with 409", async (method, path) => {
    const { id } = await fly.create(LIVES, {}, { skip_launch: true, lease_ttl: 40 });
    expect((await fly.call(method, `${machines}/${id}${path}`)).status).toBe(409);
  });
});

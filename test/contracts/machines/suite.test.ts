/** The suite itself: that it bites, costs no more than it must, and cleans up. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { RateLimits } from "../../../src/fly-local/rate-limits.ts";
import { HandClock } from "../../fly-local/hand-clock.ts";
import { stateDir } from "../../fly-local/support.ts";
import { Api } from "./api.ts";
import { LIVES, Made } from "./made.ts";
import { Pace } from "./pace.ts";
import { flyTarget, localTarget, missingForFly, type Target } from "./target.ts";

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

/** A Machines API that answers everything with this. */
async function answering(
  status: number,
  body: string,
  facts: Partial<Target> = {},
  type = "application/json",
): Promise<Api> {
  const server = createServer((_, response) => {
    response.writeHead(status, { "content-type": type, "fly-request-id": "01TEST-fra" });
    response.end(body);
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const fly = flyTarget({ FLY_API_TOKEN: "t", FLY_CONTRACT_APP: "app" });
  if (fly === null) throw new Error("a token and an app make a target");
  return new Api({ ...fly, url, ...facts });
}

describe("an answer", () => {
  const memory = { available_mb: 1, limit_mb: 256 };

  it.each([
    [{ ...memory, limit_mb: "256" }, /^Machines_get_memory answered .*: limit_mb: .*expected number/],
    [{ available_mb: 1 }, /limit_mb: .*received undefined/],
    [[memory], /the body: /],
  ])("%j fails the promise that asked for it", async (body, complaint) => {
    const api = await answering(200, JSON.stringify(body));
    await expect(api.ok("Machines_get_memory", { machine: "m" })).rejects.toThrow(complaint);
  });

  it("with a field more fails on the local server, and is told of on Fly", async () => {
    const body = JSON.stringify({ ...memory, swap_mb: 0 });
    const local = await answering(200, body, { isReal: false });
    await expect(local.ok("Machines_get_memory", { machine: "m" })).rejects.toThrow("swap_mb");
    const fly = await answering(200, body);
    expect(await fly.ok("Machines_get_memory", { machine: "m" })).toEqual(memory);
    expect([...fly.unknownFields]).toEqual(["Machines_get_memory: swap_mb"]);
  });

  it.each([
    [400, "upstream request timeout"],
    [400, "{}"],
    [400, '{"error":""}'],
    [409, '{"error":"x","status":"some_code"}'],
    [202, "{}"],
  ])("%i %s is no refusal as Fly words them", async (status, body) => {
    const api = await answering(status, body);
    await expect(api.refused("Machines_stop", { machine: "m" })).rejects.toThrow(/^Machines_stop answered /);
  });

  it("of a gateway is a refusal without JSON", async () => {
    const api = await answering(504, "upstream request timeout", {}, "text/plain");
    const refusal = await api.refused("Machines_stop", { machine: "m" });
    expect(refusal).toEqual({ status: 504, text: "upstream request timeout", code: undefined });
  });

  it("to a lease that another has is a refusal, too", async () => {
    const api = await answering(409, '{"status":"error","message":"held","code":"invalid"}');
    const refusal = await api.refused("Machines_start", { machine: "m" });
    expect(refusal).toEqual({ status: 409, text: "held", code: "invalid" });
  });
});

describe("calls to Fly", () => {
  it.each([
    ["GET /apps/{app}/machines/{machine}", "get"],
    ["POST /apps/{app}/machines", "create"],
  ])("of %s stay below its rate limit, however fast they come", (action, counted) => {
    let now = 0;
    const pace = new Pace();
    const limits = new RateLimits(() => now);
    for (let call = 0; call < 100; call += 1) {
      now += pace.delayMs(action, "m", now);
      limits.count(counted, "m");
      now += call % 7;
    }
    expect(now).toBeGreaterThan(10_000);
  });

  it("are made only where both a token and an app are named", () => {
    expect(flyTarget({ FLY_API_TOKEN: "t" })).toBeNull();
    expect(flyTarget({ FLY_CONTRACT_APP: "a", FLY_APP: "a" })).toBeNull();
    expect(missingForFly({})).toEqual(["FLY_API_TOKEN", "FLY_CONTRACT_APP"]);
    expect(flyTarget({ FLY_API_TOKEN: "t", FLY_CONTRACT_APP: "a" })).toMatchObject({ organization: null });
  });
});

describe("what the suite made", async () => {
  const clock = new HandClock(Date.now() - 7_200_000);
  const target = { ...(await localTarget({ stateDir: stateDir(), clock })), patienceMs: 50 };
  afterAll(() => target.close());
  const api = new Api(target);
  const control = (method: string, fault?: object) =>
    fetch(target.url.replace(/v1$/, "_control/faults"), {
      method,
      headers: { authorization: `Bearer ${target.token}`, "content-type": "application/json" },
      ...(fault !== undefined && { body: JSON.stringify(fault) }),
    });

  it("is gone in the end, with what a create made whose answer was an error", async () => {
    const made = new Made(api, target);
    await made.machine(LIVES);
    await made.volume();
    await api.ok("Secret_create", { secret: made.secret("one"), body: { value: "1" } });
    await api.ok("Apps_create", { body: { app_name: made.app("one"), org_slug: "personal" } });
    await control("POST", { operation: "create", kind: "error_after", status: 504, count: 1 });
    await expect(made.machine(LIVES)).rejects.toThrow("504");
    expect(await api.ok("Machines_list")).toHaveLength(2);
    await made.destroyAll();
    expect(await api.ok("Machines_list")).toEqual([]);
    expect(await api.ok("Volumes_list")).toEqual([]);
    expect((await api.ok("Secrets_list")).secrets).toEqual([]);
    expect((await api.ok("Apps_list", { query: { org_slug: "personal" } })).total_apps).toBe(1);
  });

  it("and can not be removed is named, after everything else is gone", async () => {
    const made = new Made(api, target);
    const stays = await made.machine(LIVES);
    const goes = await made.machine(LIVES);
    await control("POST", {
      operation: "destroy",
      kind: "error_before",
      status: 503,
      machine: stays.id,
      count: 100,
    });
    await expect(made.destroyAll()).rejects.toThrow(`removed by hand: Error: ${stays.id}: `);
    await made.reach(goes.id, "destroyed");
    expect((await api.ok("Machines_list")).map(({ id }) => id)).toEqual([stays.id]);
    await control("DELETE");
    await made.destroyAll();
  });

  it("and a killed run left is found by the next, and nothing else is touched", async () => {
    const killed = new Made(api, target);
    const { id } = await killed.machine(LIVES);
    const volume = await killed.volume();
    const secret = killed.secret("left");
    await api.ok("Secret_create", { secret, body: { value: "1" } });
    const config = { image: target.image, init: { exec: ["true"] } };
    const strange = await api.ok("Machines_create", { body: { config, skip_launch: true } });
    clock.advance(7_200_000);
    const young = await killed.machine(LIVES);
    const next = new Made(api, target);
    await next.findLeftovers();
    await next.destroyAll();
    expect((await api.ok("Machines_show", { machine: id })).state).toMatch(/^destroy/);
    expect((await api.ok("Volumes_list")).map((each) => each.id)).not.toContain(volume.id);
    expect((await api.ok("Secrets_list")).secrets).toEqual([]);
    for (const machine of [strange.id, young.id])
      expect((await api.ok("Machines_show", { machine })).state).not.toMatch(/^destroy/);
    await killed.destroyAll();
  });
});

import { describe, expect, it } from "vitest";
import type { WireEvent, WireMachine } from "../../../src/fly/wire.ts";
import { LIVES, machines, serve } from "../support.ts";

describe("list", async () => {
  const fly = await serve({ isolation: "process" });
  const names = async (query: string) => {
    const reply = await fly.call<WireMachine[]>("GET", `${machines}?${query}`);
    return reply.body.map((machine) => machine.name).sort();
  };
  const a = await fly.create(LIVES, { metadata: { run: "1", kind: "x" } }, { name: "a", region: "ams" });
  const b = await fly.create(LIVES, { metadata: { run: "2", kind: "x" } }, { name: "b", region: "fra" });
  const c = await fly.create(["true"], { metadata: { run: "1", kind: "x" } }, { name: "c", region: "ams" });
  await Promise.all([fly.wait(a.id, "started"), fly.wait(b.id, "started"), fly.wait(c.id, "destroyed")]);

  it.each([
    ["", ["a", "b"]],
    ["include_deleted=true", ["a", "b", "c"]],
    ["include_deleted=", ["a", "b", "c"]],
    ["include_deleted=false", ["a", "b"]],
    ["region=fra", ["b"]],
    ["region=fra,ams", ["a", "b"]],
    ["state=started", ["a", "b"]],
    ["state=stopped", []],
    ["state=destroyed", ["c"]],
    ["metadata.run=1", ["a"]],
    ["metadata.run=1&include_deleted=true", ["a", "c"]],
    ["metadata.run=2&metadata.kind=x", ["b"]],
    ["metadata.run=2&metadata.kind=y", []],
  ])("with %s shows %o", async (query, expected) => {
    expect(await names(query)).toEqual(expected);
  });

  it("leaves config, events and host_status out of a summary", async () => {
    const [row] = (await fly.call<WireMachine[]>("GET", `${machines}?summary=true`)).body;
    expect(row).toHaveProperty("state");
    for (const key of ["config", "events", "host_status"]) expect(row).not.toHaveProperty(key);
  });

  it("shows the machines of one app only", async () => {
    expect((await fly.call("GET", "/v1/apps/other/machines")).body).toEqual([]);
    expect((await fly.call("GET", `/v1/apps/other/machines/${a.id}`)).status).toBe(404);
  });

  it("shows as many events as asked for, newest first", async () => {
    const events = async (query: string) =>
      (await fly.call<WireEvent[]>("GET", `${machines}/${c.id}/events?${query}`)).body;
    expect((await events("")).map((event) => event.type)).toEqual([
      "destroy",
      "exit",
      "start",
      "start",
      "launch",
    ]);
    expect((await events("limit=1")).map((event) => event.type)).toEqual(["destroy"]);
    expect((await fly.call("GET", `${machines}/${c.id}/events?limit=x`)).status).toBe(400);
  });

  it("finds a machine by metadata set later, without a new version", async () => {
    const path = `${machines}/${b.id}/metadata`;
    expect((await fly.call("POST", `${path}/late`, { value: "yes" })).status).toBe(204);
    expect(await names("metadata.late=yes")).toEqual(["b"]);
    expect((await fly.call("GET", `${path}/late`)).body).toEqual({ value: "yes" });
    expect((await fly.call("GET", path)).body).toEqual({ run: "2", kind: "x", late: "yes" });
    expect((await fly.call("DELETE", `${path}/late`)).status).toBe(204);
    expect((await fly.call("GET", `${path}/late`)).status).toBe(404);
    expect((await fly.get(b.id)).instance_id).toBe(b.instance_id);
  });
});

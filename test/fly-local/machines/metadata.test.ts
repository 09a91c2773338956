import { describe, expect, it } from "vitest";
import type { WireMachine } from "../../../src/fly/wire.ts";
import { eventLines, LIVES, machines, serve } from "../support.ts";

describe("metadata", async () => {
  const fly = await serve({ isolation: "process" });
  const make = () => fly.create(LIVES, { metadata: { a: "1", b: "2" } }, { skip_launch: true });
  const read = async (id: string) => (await fly.call("GET", `${machines}/${id}/metadata`)).body;

  it.each(["PUT", "PATCH"])("%s sets and removes several at once, without a new version", async (method) => {
    const { id, instance_id } = await make();
    const url = `${machines}/${id}/metadata`;
    const metadata = { b: "3", c: "4", a: null };
    expect((await fly.call(method, url, { metadata, machine_version: instance_id })).status).toBe(204);
    expect(await read(id)).toEqual({ b: "3", c: "4" });
    expect((await fly.call(method, url, { metadata: { c: "" } })).status).toBe(204);
    expect(await read(id)).toEqual({ b: "3" });
    expect((await fly.get(id)).instance_id).toBe(instance_id);
  });

  it.each([
    [{}, 400],
    [{ metadata: ["a"] }, 400],
    [{ metadata: { a: "9", b: 1 } }, 400],
    [{ metadata: { a: "9" }, machine_version: "01ARZ3NDEKTSV4RRFFQ69G5FAV" }, 412],
  ])("%o is refused and sets nothing", async (body, status) => {
    const { id } = await make();
    expect((await fly.call("PUT", `${machines}/${id}/metadata`, body)).status).toBe(status);
    expect(await read(id)).toEqual({ a: "1", b: "2" });
  });

  it.each(["constructor", "__proto__", "toString"])("has a key %s like any other", async (key) => {
    const { id } = await make();
    const url = `${machines}/${id}/metadata`;
    expect((await fly.call("GET", `${url}/${key}`)).status).toBe(404);
    expect((await fly.call("POST", `${url}/${key}`, { value: "x" })).status).toBe(204);
    expect((await fly.call("GET", `${url}/${key}`)).body).toEqual({ value: "x" });
    expect((await fly.call("DELETE", `${url}/${key}`)).status).toBe(204);
    expect(await read(id)).toEqual({ a: "1", b: "2" });
    expect((await fly.call("PATCH", url, `{"metadata":{"${key}":"y"}}`)).status).toBe(204);
    expect((await fly.call("GET", `${url}/${key}`)).body).toEqual({ value: "y" });
    expect((await fly.call("PATCH", url, `{"metadata":{"${key}":null}}`)).status).toBe(204);
    expect((await fly.call("GET", `${url}/${key}`)).status).toBe(404);
  });

  it("of a destroyed machine is read, and not set", async () => {
    const { id } = await make();
    await fly.wait(id, "stopped");
    await fly.call("DELETE", `${machines}/${id}`);
    await fly.wait(id, "destroyed");
    expect(await read(id)).toEqual({ a: "1", b: "2" });
    expect((await fly.call("PUT", `${machines}/${id}/metadata`, { metadata: { a: "9" } })).status).toBe(412);
    expect((await fly.call("POST", `${machines}/${id}/metadata/a`, { value: "9" })).status).toBe(412);
  });
});

describe("cordon", async () => {
  const fly = await serve({ isolation: "process" });

  it("is shown until it is lifted, with an event each", async () => {
    const { id } = await fly.create(LIVES, {}, { skip_launch: true });
    await fly.wait(id, "stopped");
    const post = (what: string) => fly.call("POST", `${machines}/${id}/${what}`);
    expect(await post("cordon")).toMatchObject({ status: 200, body: { ok: true } });
    await post("cordon");
    expect(await fly.get(id)).toMatchObject({ cordoned: true, state: "stopped" });
    expect(await post("uncordon")).toMatchObject({ status: 200, body: { ok: true } });
    const machine: WireMachine = await fly.get(id);
    expect(machine.cordoned).toBe(false);
    expect(eventLines(machine.events)).toEqual([
      "uncordon/undefined/user",
      "cordon/undefined/user",
      "launch/created/user",
    ]);
  });
});

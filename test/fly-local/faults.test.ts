import { afterEach, describe, expect, it } from "vitest";
import { LIVES, machines, serve } from "./support.ts";

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

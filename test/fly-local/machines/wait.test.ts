import { describe, expect, it } from "vitest";
import { LIVES, machines, serve } from "../support.ts";

const RANGE = "invalid_argument: invalid WaitMachineRequest.Timeout: value must be inside range [1s, 1m0s]";

describe("wait", async () => {
  const fly = await serve({ isolation: "process" });
  const path = (id: string, query: string) => `${machines}/${id}/wait?${query}`;

  it.each(["0", "61", "-1", "3600"])("refuses a timeout of %s s in Fly's words", async (timeout) => {
    const { id } = await fly.create(["true"]);
    const reply = await fly.call("GET", path(id, `timeout=${timeout}`));
    expect(reply).toMatchObject({ status: 400, body: { error: RANGE } });
  });

  it("whose time is up answers 408 and names both states", async () => {
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");
    const reply = await fly.wait(id, "stopped", 1);
    const error = "deadline_exceeded: machine failed to reach desired state, stopped, currently started";
    expect(reply).toMatchObject({ status: 408, body: { error } });
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("takes any of several states, repeated or in a list", async () => {
    const { id } = await fly.create(LIVES);
    for (const query of ["state=stopped&state=started", "state=stopped,started", "state=settled"])
      expect((await fly.call("GET", path(id, query))).body).toMatchObject({ ok: true, state: "started" });
    expect((await fly.call("GET", path(id, "state=replaced"))).status).toBe(400);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("for another state answers 404 once the machine is destroyed, while GET still knows it", async () => {
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");
    const waiting = fly.wait(id, "stopped");
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    const notFound = { status: 404, body: { error: "not_found: machine not found" } };
    expect(await waiting).toMatchObject(notFound);
    expect(await fly.wait(id, "started")).toMatchObject(notFound);
    expect((await fly.wait(id, "destroyed")).status).toBe(200);
    expect((await fly.get(id)).state).toBe("destroyed");
    expect(await fly.wait("00000000000000", "started")).toMatchObject(notFound);
  });

  it("answers with the version and the newest event, and can ask for what comes after one", async () => {
    const { id, instance_id } = await fly.create(LIVES, { auto_destroy: false });
    const first = (await fly.call<{ event_id: string }>("GET", path(id, ""))).body;
    const newest = (await fly.get(id)).events?.[0]?.id;
    expect(first).toEqual({ ok: true, state: "started", version: instance_id, event_id: newest });
    const again = fly.call("GET", path(id, `state=stopped,started&from_event_id=${first.event_id}`));
    await fly.call("POST", `${machines}/${id}/stop`, { signal: "SIGKILL" });
    expect((await again).body).toMatchObject({ state: "stopped" });
    expect((await fly.call("GET", path(id, "state=stopped&version=01ARZ3NDEKTSV4RRFFQ69G5FAV"))).status).toBe(
      404,
    );
    expect((await fly.call("GET", path(id, `state=stopped&instance_id=${instance_id}`))).status).toBe(200);
    await fly.call("DELETE", `${machines}/${id}`);
  });
});

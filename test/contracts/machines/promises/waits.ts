import { describe, expect, it } from "vitest";
import type { Contract } from "../contract.ts";
import { LIVES } from "../made.ts";
import { once } from "../once.ts";

const RANGE = "invalid_argument: invalid WaitMachineRequest.Timeout: value must be inside range [1s, 1m0s]";
const NOT_FOUND = { status: 404, text: "not_found: machine not found" };

export function waitPromises({ api, made }: Contract): void {
  const running = once(() => made.started());

  describe("a wait", () => {
    it.each([0, 61, -1])("of %s s is refused in Fly's words", async (timeout) => {
      const { id } = await running();
      const refused = await api.refused("Machines_wait", { machine: id, query: { timeout } });
      expect(refused).toMatchObject({ status: 400, text: RANGE });
    });

    it("for a state that is in force is answered at once, with the version and the newest event", async () => {
      const { id, instance_id, events } = await running();
      const answer = await api.ok("Machines_wait", { machine: id, query: { state: "started", timeout: 5 } });
      expect({ version: instance_id, event_id: events[0]?.id, ...answer }).toEqual({
        ok: true,
        state: "started",
        version: instance_id,
        event_id: events[0]?.id,
      });
    });

    it("whose time is up is answered 408, with both states", async () => {
      const { id } = await running();
      const query = { state: "stopped", timeout: 1 };
      expect(await api.refused("Machines_wait", { machine: id, query })).toMatchObject({
        status: 408,
        text: "deadline_exceeded: machine failed to reach desired state, stopped, currently started",
      });
    });

    it.each(["stopped,started", "settled"])("for %s is for any of what that means", async (state) => {
      const { id } = await running();
      const answer = await api.ok("Machines_wait", { machine: id, query: { state, timeout: 5 } });
      expect(answer.state ?? "started").toBe("started");
    });

    it("for a state that nobody can wait for is refused", async () => {
      const { id } = await running();
      const refused = await api.refused("Machines_wait", { machine: id, query: { state: "starting" } });
      expect(refused.status).toBe(400);
    });

    it("is answered when the state comes, and can ask for what is newer than an event", async () => {
      const { id } = await made.started({ auto_destroy: false });
      const newest = (await api.ok("Machines_show", { machine: id })).events[0]?.id ?? "";
      const query = { state: "started,stopped", from_event_id: newest, timeout: 30 };
      const waiting = api.ok("Machines_wait", { machine: id, query });
      await api.ok("Machines_stop", { machine: id, body: { signal: "SIGKILL" } });
      expect((await waiting).state ?? "stopped").toBe("stopped");
    });

    it("for a start that nobody asked for is refused with 400", async () => {
      const { id } = await made.machine(LIVES, { auto_destroy: false }, { skip_launch: true });
      await made.reach(id, "stopped");
      const config = made.config(LIVES);
      await made.patiently("Machines_update", { machine: id, body: { config, skip_launch: true } });
      const query = { state: "started", timeout: 5 };
      expect((await api.refused("Machines_wait", { machine: id, query })).status).toBe(400);
    });

    it("for a machine that there is not is answered 404", async () => {
      expect(await api.refused("Machines_wait", { machine: "00000000000000" })).toMatchObject(NOT_FOUND);
    });

    it("once it is destroyed is answered 404, but for that state; GET still shows it", async () => {
      const { id } = await made.machine(["true"]);
      await made.reach(id, "destroyed");
      const started = { state: "started", timeout: 5 };
      expect(await api.refused("Machines_wait", { machine: id, query: started })).toMatchObject(NOT_FOUND);
      await api.ok("Machines_wait", { machine: id, query: { state: "destroyed", timeout: 5 } });
      expect((await api.ok("Machines_show", { machine: id })).id).toBe(id);
    });
  });
}

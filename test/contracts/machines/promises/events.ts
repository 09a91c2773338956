import { describe, expect, it } from "vitest";
import type { Contract } from "../contract.ts";
import { exitOf } from "../exit.ts";
import type { MachineEvent } from "../schemas/event.ts";

export function eventPromises({ target, api, made }: Contract): void {
  const lines = (events: readonly MachineEvent[]) => events.map(({ type, status }) => `${type}/${status}`);

  describe("events", () => {
    it("of a job that destroyed itself tell its life, newest first", async () => {
      const { id } = await made.machine(["true"]);
      await made.reach(id, "destroyed");
      const { events } = await api.ok("Machines_show", { machine: id });
      const told = ["destroy/destroyed", "exit/stopped", "start/started", "launch/created"];
      expect(lines(events).filter((line) => told.includes(line))).toEqual(told);
      const times = events.map(({ timestamp }) => timestamp);
      expect(times).toEqual([...times].sort((a, b) => b - a));
    });

    it("are listed by themselves, as many as are asked for", async () => {
      const { id } = await made.started({ auto_destroy: false });
      await api.ok("Machines_stop", { machine: id });
      await made.reach(id, "stopped");
      const all = await api.ok("Machines_list_events", { machine: id });
      expect(lines(all)).toEqual(expect.arrayContaining(["exit/stopped", "start/started", "launch/created"]));
      expect(lines(all).at(-1)).toBe("launch/created");
      const newest = await api.ok("Machines_list_events", { machine: id, query: { limit: 2 } });
      expect(newest).toEqual(all.slice(0, 2));
    });

    it("tell a stop that was asked for from an end by itself", async () => {
      const { id } = await made.machine(["sh", "-c", "exit 4"], { auto_destroy: false });
      await made.reach(id, "stopped");
      const exit = (await api.ok("Machines_list_events", { machine: id })).find(
        ({ type }) => type === "exit",
      );
      expect(exit).toMatchObject({ status: "stopped", source: "flyd" });
      expect(exit?.request?.exit_event).toMatchObject({ exit_code: 4 });
      expect(exit?.request?.exit_event?.requested_stop ?? false).toBe(false);
      expect(exit?.request?.exit_event?.oom_killed ?? false).toBe(false);
    });

    it.skipIf(!target.holdsToSize)("tell an end for want of memory from others", async () => {
      const { id } = await made.machine(["tail", "/dev/zero"]);
      await made.reach(id, "destroyed");
      const exit = exitOf(await api.ok("Machines_show", { machine: id }));
      expect(exit).toMatchObject({ exit_code: 137, oom_killed: true });
      expect(exit?.requested_stop ?? false).toBe(false);
    });

    it("of an updated machine that ran are those of its new version alone", async () => {
      const { id } = await made.started();
      const config = made.config(["sleep", "901"]);
      const { instance_id } = await api.ok("Machines_update", { machine: id, body: { config } });
      await made.patiently("Machines_wait", { machine: id, query: { instance_id, timeout: 15 } }, [404, 408]);
      const { events } = await api.ok("Machines_show", { machine: id });
      expect(lines(events)).not.toContain("exit/stopped");
      expect(lines(events).at(-1)).toBe("launch/created");
    });
  });
}

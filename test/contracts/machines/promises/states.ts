import { describe, expect, it } from "vitest";
import type { Contract } from "../contract.ts";
import { exitOf } from "../exit.ts";
import { LIVES, PLACE } from "../made.ts";

const STAYS = { auto_destroy: false };

export function statePromises({ target, api, made }: Contract): void {
  const show = (machine: string) => api.ok("Machines_show", { machine });
  const script = (text: string) => ["sh", "-c", text];

  describe("a machine's states", () => {
    it("go from created by started and stopped to started again", async () => {
      const { id } = await made.started(STAYS);
      await api.ok("Machines_stop", { machine: id });
      await made.reach(id, "stopped");
      expect((await show(id)).state).toBe("stopped");
      const { previous_state } = await made.patiently("Machines_start", { machine: id });
      expect(previous_state).toBe("stopped");
      await made.reach(id, "started");
    });

    it("with skip_launch go from created to stopped, and the first start runs it", async () => {
      const { id, state } = await made.machine(LIVES, STAYS, { skip_launch: true });
      expect(state).toBe("created");
      await made.reach(id, "stopped");
      expect((await show(id)).events.map(({ type }) => type)).not.toContain("start");
      await made.patiently("Machines_start", { machine: id });
      await made.reach(id, "started");
    });

    it("of one that destroys itself end with destroyed, whatever its process returned", async () => {
      const good = await made.machine(["true"]);
      const bad = await made.machine(script("exit 7"));
      await made.reach(good.id, "destroyed");
      await made.reach(bad.id, "destroyed");
      expect(exitOf(await show(good.id))).toMatchObject({ exited_at: expect.any(String) });
      // Go leaves out a zero.
      expect(exitOf(await show(good.id))).not.toHaveProperty("exit_code");
      expect(exitOf(await show(bad.id))).toMatchObject({ exit_code: 7 });
    });

    it("of one with several processes end when one of them ends well", async () => {
      const processes = [{ exec: LIVES }, { exec: script("exit 0") }];
      const { id } = await made.machine([], { processes, init: {} });
      await made.reach(id, "destroyed");
      expect(exitOf(await show(id))).not.toHaveProperty("exit_code");
    });

    it("of one with on-failure repeat until its retries are used up", async () => {
      const restart = { policy: "on-failure", max_retries: 1 };
      const { id } = await made.machine(script("exit 3"), { ...STAYS, restart });
      await made.reach(id, "stopped");
      const exits = (await show(id)).events.filter(({ type }) => type === "exit");
      expect(exits.map(({ request }) => request?.exit_event?.exit_code)).toEqual([3, 3]);
      expect(exits.map(({ request }) => request?.exit_event?.restarting ?? false)).toEqual([false, true]);
    });

    it("with suspended in between go on where they were", async () => {
      const { id } = await made.started(STAYS);
      await made.exec(id, script(`echo kept > ${PLACE}`));
      await api.ok("Machines_suspend", { machine: id });
      await made.reach(id, "suspended");
      expect((await show(id)).state).toBe("suspended");
      await made.patiently("Machines_start", { machine: id });
      await made.reach(id, "started");
      expect((await made.exec(id, script(`cat ${PLACE}`))).stdout).toBe("kept\n");
    });

    it("after a restart are started again, with the disk as the image has it", async () => {
      const { id, instance_id } = await made.started(STAYS);
      await made.exec(id, script(`echo lost > ${PLACE}`));
      await api.ok("Machines_restart", { machine: id, query: { timeout: "2s", signal: "SIGTERM" } });
      await made.reach(id, "started");
      if (target.hasDisks) expect((await made.exec(id, script(`cat ${PLACE}`))).exit_code).not.toBe(0);
      expect((await show(id)).instance_id).toBe(instance_id);
    });
  });

  describe("a machine that is stopped", () => {
    it("hears the signal that is asked for, and its code is kept as one that was asked for", async () => {
      const { id } = await made.ready('trap "exit 5" TERM', STAYS);
      await api.ok("Machines_stop", { machine: id, body: { signal: "SIGTERM", timeout: "20s" } });
      await made.reach(id, "stopped");
      expect(exitOf(await show(id))).toMatchObject({ exit_code: 5, requested_stop: true });
    });

    it("is killed where it does not end in time", async () => {
      const { id } = await made.ready('trap "" TERM INT', STAYS);
      // Whole nanoseconds are a duration, too.
      await api.ok("Machines_stop", { machine: id, body: { signal: "SIGTERM", timeout: 1_000_000_000 } });
      await made.reach(id, "stopped");
      expect(exitOf(await show(id))).toMatchObject({ exit_code: 137, requested_stop: true });
    });

    it("by SIGTERM without a handler ends with 143", async () => {
      const { id } = await made.started(STAYS);
      await api.ok("Machines_stop", { machine: id, body: { signal: "SIGTERM" } });
      await made.reach(id, "stopped");
      expect(exitOf(await show(id))).toMatchObject({ exit_code: 143, requested_stop: true });
    });

    it("stays stopped where it is stopped again", async () => {
      const { id } = await made.machine(LIVES, STAYS, { skip_launch: true });
      await made.reach(id, "stopped");
      await api.ok("Machines_stop", { machine: id });
      expect((await show(id)).state).toBe("stopped");
    });

    it("is destroyed by that where it destroys itself", async () => {
      const { id } = await made.started();
      await api.ok("Machines_stop", { machine: id, body: { signal: "SIGKILL" } });
      await made.reach(id, "destroyed");
      expect(exitOf(await show(id))).toMatchObject({ exit_code: 137, requested_stop: true });
    });
  });

  describe("a signal", () => {
    it("reaches the main process, by name", async () => {
      const { id } = await made.ready('trap "exit 9" USR1', STAYS);
      await api.ok("Machines_signal", { machine: id, body: { signal: "SIGUSR1" } });
      await made.reach(id, "stopped");
      expect(exitOf(await show(id))).toMatchObject({ exit_code: 9 });
    });

    it("reaches it by number, as fly-go sends SIGKILL", async () => {
      const { id } = await made.started(STAYS);
      await api.ok("Machines_signal", { machine: id, body: { signal: 9 } });
      await made.reach(id, "stopped");
      expect(exitOf(await show(id))).toMatchObject({ exit_code: 137 });
    });
  });
}

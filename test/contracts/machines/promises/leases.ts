import { describe, expect, it } from "vitest";
import type { Contract } from "../contract.ts";
import { LIVES } from "../made.ts";

export function leasePromises({ api, made }: Contract): void {
  const stopped = async () => {
    const machine = await made.machine(LIVES, { auto_destroy: false }, { skip_launch: true });
    await made.reach(machine.id, "stopped");
    return machine;
  };
  const leased = async (machine: string, ttl: number) =>
    (await api.ok("Machines_create_lease", { machine, body: { ttl, description: "contract" } })).data;

  describe("a lease", () => {
    it("is given once, shown, and gone when it is released", async () => {
      const { id, instance_id } = await stopped();
      expect(await api.refused("Machines_show_lease", { machine: id })).toMatchObject({
        status: 404,
        text: expect.stringContaining(" lease not found"),
      });
      const lease = await leased(id, 60);
      expect(lease.version).toBe(instance_id);
      const { data } = await api.ok("Machines_show_lease", { machine: id });
      expect(data).toMatchObject({ nonce: lease.nonce, expires_at: lease.expires_at, owner: lease.owner });
      const { status, text } = await api.refused("Machines_create_lease", { machine: id, body: { ttl: 60 } });
      expect(status).toBe(409);
      expect(text).toContain(`machine ID ${id} lease currently held by ${lease.owner}, expires at `);
      expect((await api.refused("Machines_release_lease", { machine: id })).status).toBe(400);
      await api.ok("Machines_release_lease", { machine: id, nonce: lease.nonce });
      expect((await api.refused("Machines_show_lease", { machine: id })).status).toBe(404);
    });

    it("lets only who has its nonce start and update", async () => {
      const { id } = await stopped();
      const { nonce } = await leased(id, 60);
      const body = { config: made.config(LIVES, { auto_destroy: false }) };
      expect((await api.refused("Machines_start", { machine: id })).status).toBe(409);
      expect((await api.refused("Machines_update", { machine: id, body })).status).toBe(409);
      await made.patiently("Machines_update", { machine: id, body, nonce });
      // It survives the update.
      expect((await api.ok("Machines_show_lease", { machine: id })).data.nonce).toBe(nonce);
      await made.reach(id, "stopped");
      await made.patiently("Machines_start", { machine: id, nonce });
      await made.reach(id, "started");
      await api.ok("Machines_delete", { machine: id, nonce, query: { force: true } });
    });

    it("asked for with its nonce lasts longer and keeps it; fly-go puts the time into the query", async () => {
      const { id } = await stopped();
      const { data: first } = await api.ok("Machines_create_lease", { machine: id, query: { ttl: 30 } });
      const { data: again } = await api.ok("Machines_create_lease", {
        machine: id,
        nonce: first.nonce,
        query: { ttl: 90 },
      });
      expect(again.nonce).toBe(first.nonce);
      expect(again.expires_at).toBeGreaterThan(first.expires_at);
      await api.ok("Machines_release_lease", { machine: id, nonce: first.nonce });
    });

    it("can come with the machine", async () => {
      const { id, nonce = "" } = await made.machine(["true"], {}, { skip_launch: true, lease_ttl: 30 });
      expect(nonce).not.toBe("");
      expect((await api.ok("Machines_show_lease", { machine: id })).data.nonce).toBe(nonce);
      await api.ok("Machines_release_lease", { machine: id, nonce });
    });

    it("keeps another's stop waiting until it is over", async () => {
      const { id } = await made.started({ auto_destroy: false });
      const { expires_at } = await leased(id, 4);
      await api.ok("Machines_stop", { machine: id, body: { signal: "SIGKILL" } });
      // The clocks of both sides may differ by a little.
      expect(Date.now() / 1000).toBeGreaterThan(expires_at - 1);
      await made.reach(id, "stopped");
    });
  });
}

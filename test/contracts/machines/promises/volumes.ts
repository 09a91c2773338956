import { describe, expect, it } from "vitest";
import type { Contract } from "../contract.ts";
import { LIVES } from "../made.ts";
import { once } from "../once.ts";

export function volumePromises({ target, api, made }: Contract): void {
  const volume = once(() => made.volume());
  const mounts = (id: string) => ({ auto_destroy: false, mounts: [{ volume: id, path: "/data" }] });

  describe("a volume", () => {
    it("is made, shown and listed", async () => {
      const { id, name } = await volume();
      const shown = await api.ok("Volumes_get_by_id", { volume: id });
      expect(shown).toMatchObject({
        id,
        name,
        size_gb: 1,
        encrypted: true,
        snapshot_retention: 1,
        auto_backup_enabled: true,
        attached_machine_id: null,
      });
      expect((await api.ok("Volumes_list")).map((each) => each.id)).toContain(id);
    });

    it("that there is not is answered 404", async () => {
      expect((await api.refused("Volumes_get_by_id", { volume: "vol_0000000000000000" })).status).toBe(404);
    });

    it("is updated, and grows but does not shrink", async () => {
      const { id } = await volume();
      const update = { snapshot_retention: 2, auto_backup_enabled: false };
      expect(await api.ok("Volumes_update", { volume: id, body: update })).toMatchObject(update);
      const { volume: grown } = await api.ok("Volumes_extend", { volume: id, body: { size_gb: 2 } });
      expect(grown).toMatchObject({ id, size_gb: 2 });
      const { status } = await api.refused("Volumes_extend", { volume: id, body: { size_gb: 1 } });
      expect([400, 412, 422]).toContain(status);
    });

    it("has a snapshot taken of it, which is listed from then on", async () => {
      const { id } = await volume();
      const { Msg } = await api.ok("createVolumeSnapshot", { volume: id });
      const listed = await api.ok("Volumes_list_snapshots", { volume: id });
      expect(listed.map((snapshot) => snapshot.id)).toContain(Msg.backup.graph_id);
    });

    it.skipIf(!target.hasDisks)("keeps what a machine wrote, and is one machine's at a time", async () => {
      const { id, region } = await volume();
      const first = await made.started(mounts(id), { region });
      await made.exec(first.id, ["sh", "-c", "echo kept > /data/mark"]);
      expect((await api.ok("Volumes_get_by_id", { volume: id })).attached_machine_id).toBe(first.id);
      const body = { region, config: made.config(LIVES, mounts(id)) };
      const claimed = await api.refused("Machines_create", { body });
      expect(claimed.status).toBe(412);
      expect(await api.refused("Volume_delete", { volume: id })).toMatchObject({
        status: 412,
        text: `failed_precondition: volume is currently bound to machine: ${first.id}`,
      });
      await api.ok("Machines_delete", { machine: first.id, query: { force: true } });
      await made.reach(first.id, "destroyed");
      const second = await made.patiently("Machines_create", { body });
      await made.reach(second.id, "started");
      expect((await made.exec(second.id, ["cat", "/data/mark"])).stdout).toBe("kept\n");
      await api.ok("Machines_delete", { machine: second.id, query: { force: true } });
      await made.reach(second.id, "destroyed");
    });

    it("is deleted, which its answer shows", async () => {
      const { id } = await made.volume();
      const { id: deleted, state } = await made.patiently("Volume_delete", { volume: id });
      expect(deleted).toBe(id);
      expect([
        "pending_destroy",
        "scheduling_destroy",
        "destroying",
        "destroyed",
        "waiting_for_detach",
      ]).toContain(state);
    });
  });
}

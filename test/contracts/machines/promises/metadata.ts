import { describe, expect, it } from "vitest";
import type { Contract } from "../contract.ts";
import { once } from "../once.ts";

export function metadataPromises({ api, made }: Contract): void {
  const machine = once(async () => {
    const { id } = await made.machine(["true"], { auto_destroy: false }, { skip_launch: true });
    await made.reach(id, "stopped");
    return api.ok("Machines_show", { machine: id });
  });
  const all = (id: string) => api.ok("Machines_show_metadata", { machine: id });

  describe("metadata", () => {
    it("is set, shown and deleted a key at a time, and makes no new version", async () => {
      const { id, instance_id } = await machine();
      await api.ok("Machines_update_metadata", { machine: id, key: "color", body: { value: "blue" } });
      expect(await all(id)).toMatchObject({ color: "blue" });
      expect(await api.ok("Machines_show_metadata_key", { machine: id, key: "color" })).toEqual({
        value: "blue",
      });
      await api.ok("Machines_delete_metadata", { machine: id, key: "color" });
      expect(await all(id)).not.toHaveProperty("color");
      expect((await api.refused("Machines_show_metadata_key", { machine: id, key: "color" })).status).toBe(
        404,
      );
      expect((await api.ok("Machines_show", { machine: id })).instance_id).toBe(instance_id);
    });

    it("is changed in several keys at once, where null and nothing remove", async () => {
      const { id, instance_id } = await machine();
      const patch = (metadata: object) => ({
        machine: id,
        body: { metadata, machine_version: instance_id },
      });
      await api.ok("Machines_patch_metadata", patch({ one: "1", two: "2", three: "3" }));
      await api.ok("Machines_patch_metadata", patch({ one: null, two: "", four: "4" }));
      const metadata = await all(id);
      expect(metadata).toMatchObject({ three: "3", four: "4" });
      expect(Object.keys(metadata)).not.toEqual(expect.arrayContaining(["one"]));
      expect(Object.keys(metadata)).not.toEqual(expect.arrayContaining(["two"]));
    });

    it("is not changed for a version that the machine has not", async () => {
      const { id } = await machine();
      const body = { metadata: { late: "yes" }, machine_version: "01ARZ3NDEKTSV4RRFFQ69G5FAV" };
      expect((await api.refused("Machines_patch_metadata", { machine: id, body })).status).toBe(412);
      expect(await all(id)).not.toHaveProperty("late");
    });
  });
}

import { describe, expect, it } from "vitest";
import type { Contract } from "../contract.ts";
import { LIVES } from "../made.ts";
import { once } from "../once.ts";

export function listPromises({ target, api, made }: Contract): void {
  const mark = made.name("list");
  /** One that is stopped, one that runs, one that is gone. */
  const three = once(async () => {
    const stopped = await made.machine(
      LIVES,
      { auto_destroy: false, metadata: { mark, kind: "stopped" } },
      { skip_launch: true },
    );
    await made.reach(stopped.id, "stopped");
    const started = await made.started({ metadata: { mark, kind: "started" } });
    const destroyed = await made.machine(["true"], { metadata: { mark, kind: "destroyed" } });
    await made.reach(destroyed.id, "destroyed");
    return { stopped: stopped.id, started: started.id, destroyed: destroyed.id, region: started.region };
  });
  const ids = async (query: Record<string, string | boolean>) => {
    const found = await api.ok("Machines_list", { query: { "metadata.mark": mark, ...query } });
    return found.map(({ id }) => id).sort();
  };

  describe("the list of machines", () => {
    it("leaves out those that are destroyed, unless they are asked for", async () => {
      const { stopped, started, destroyed } = await three();
      expect(await ids({})).toEqual([stopped, started].sort());
      expect(await ids({ include_deleted: true })).toEqual([stopped, started, destroyed].sort());
    });

    it("is narrowed by state, by region, and by metadata that all have to be there", async () => {
      const { stopped, started, region } = await three();
      expect(await ids({ state: "started" })).toEqual([started]);
      expect(await ids({ state: "stopped,started" })).toEqual([stopped, started].sort());
      expect(await ids({ region })).toContain(started);
      expect(await ids({ region: "zzz" })).toEqual([]);
      expect(await ids({ "metadata.kind": "stopped" })).toEqual([stopped]);
      expect(await ids({ "metadata.kind": "neither" })).toEqual([]);
    });

    it("has neither config nor events in its summary", async () => {
      const { stopped } = await three();
      const query = { summary: true, "metadata.mark": mark, state: "stopped" };
      const [row] = await api.ok("Machines_list_summaries", { query });
      expect(row).toMatchObject({ id: stopped, state: "stopped" });
    });

    it("has leases in it where they are asked for", async () => {
      const { stopped } = await three();
      const { data } = await api.ok("Machines_create_lease", { machine: stopped, body: { ttl: 30 } });
      const query = { include_leases: true, "metadata.kind": "stopped", "metadata.mark": mark };
      const [row] = await api.ok("Machines_list", { query });
      expect(row?.lease?.nonce).toBe(data.nonce);
      await api.ok("Machines_release_lease", { machine: stopped, nonce: data.nonce });
    });

    it.skipIf(target.organization === null)(
      "of all apps comes in pages, those of this app among them",
      async () => {
        const { stopped, started } = await three();
        const org = target.organization ?? "";
        const found = new Map<string, string>();
        let cursor = "";
        do {
          const query = { limit: target.isReal ? 1000 : 3, ...(cursor !== "" && { cursor }) };
          const page = await api.ok("Machines_org_list", { org, query });
          for (const { id, app_name } of page.machines) found.set(id, app_name);
          cursor = page.next_cursor ?? "";
        } while (cursor !== "");
        for (const id of [stopped, started]) expect(found.get(id)).toBe(target.app);
      },
    );
  });
}

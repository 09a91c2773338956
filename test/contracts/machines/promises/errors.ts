import { describe, expect, it } from "vitest";
import type { Contract } from "../contract.ts";

export function errorPromises({ api, made }: Contract): void {
  const config = made.config(["true"]);

  describe("a refusal", () => {
    it.each<[string, Record<string, string>]>([
      ["no token", {}],
      ["a token of another kind", { authorization: "Basic YTpi" }],
    ])("of a call with %s is a 401", async (_, headers) => {
      const { status, text } = await api.refused("Machines_list", { headers });
      expect(status).toBe(401);
      expect(text).toContain("Authenticate: ");
    });

    it.each([
      [{ cpus: 1, memory_mb: 256 }, "invalid config.guest.cpu_kind"],
      [{ cpu_kind: "shared", cpus: 3, memory_mb: 1024 }, "invalid config.guest.cpus"],
      [
        { cpu_kind: "shared", cpus: 2, memory_mb: 256 },
        "invalid config.guest.memory_mb, minimum required 512 MiB",
      ],
      [
        { cpu_kind: "shared", cpus: 1, memory_mb: 4096 },
        "invalid config.guest.memory_mb, cannot exceed 2048 MiB",
      ],
    ])("of the guest %o names what is wrong with it", async (guest, text) => {
      const refused = await api.refused("Machines_create", { body: { config: { ...config, guest } } });
      expect(refused.status).toBe(400);
      expect(refused.text).toContain(text);
    });

    it.each<[string, unknown]>([
      ["is not JSON", "{"],
      ["is a list", []],
      ["has no config", {}],
      ["has no image", { config: { ...config, image: undefined } }],
      ["has a number in env", { config: { ...config, env: { A: 1 } } }],
      ["has a NUL in env", { config: { ...config, env: { A: "a\0b" } } }],
      [
        "has a file at no absolute path",
        { config: { ...config, files: [{ guest_path: "x", raw_value: "eA==" }] } },
      ],
      ["has a restart policy that is none", { config: { ...config, restart: { policy: "sometimes" } } }],
      ["has a schedule that is none", { config: { ...config, schedule: "now and then" } }],
      ["has an image name that is none", { config: { ...config, image: "../../etc:passwd" } }],
      [
        "has two mounts",
        {
          config: {
            ...config,
            mounts: [
              { volume: "vol_a", path: "/a" },
              { volume: "vol_b", path: "/b" },
            ],
          },
        },
      ],
      ["mounts what is no volume", { config: { ...config, mounts: [{ volume: "vol_none", path: "/a" }] } }],
    ])("of a create whose body %s makes nothing", async (_, body) => {
      const before = await api.ok("Machines_list");
      const { status } = await api.refused("Machines_create", { body });
      expect([400, 404, 412, 422]).toContain(status);
      expect((await api.ok("Machines_list")).length).toBe(before.length);
    });

    it("of a call to a machine that there is not is a 404", async () => {
      const machine = "00000000000000";
      for (const id of ["Machines_show", "Machines_start", "Machines_stop", "Machines_delete"] as const) {
        const { status, text } = await api.refused(id, { machine });
        expect({ id, status }).toEqual({ id, status: 404 });
        expect(text).toContain("machine not found");
      }
    });

    it("of a stop with an odd body, signal or time is a 400", async () => {
      const { id } = await made.machine(["true"], { auto_destroy: false }, { skip_launch: true });
      await made.reach(id, "stopped");
      for (const body of ["[]", { signal: "SIGNONE" }, { timeout: "soon" }])
        expect((await api.refused("Machines_stop", { machine: id, body })).status).toBe(400);
      expect(
        (await api.refused("Machines_signal", { machine: id, body: { signal: "SIGNONE" } })).status,
      ).toBe(400);
    });

    it("of a start that comes at the wrong time says so with 412", async () => {
      const { id } = await made.machine(["true"]);
      await made.reach(id, "destroyed");
      const { status, text } = await api.refused("Machines_start", { machine: id });
      expect([404, 412]).toContain(status);
      expect(text).toMatch(/machine not found|unable to start machine from current state/);
    });
  });
}

import { describe, expect, it } from "vitest";
import type { Contract } from "../contract.ts";
import { LIVES } from "../made.ts";

export function machinePromises({ target, api, made }: Contract): void {
  describe("a machine", () => {
    it("is created with its config filled in, before anything of it runs", async () => {
      const config = { image: target.image, init: { exec: ["true"] }, auto_destroy: true };
      const machine = await made.machine(["true"], { ...config, restart: undefined });
      expect(machine).toMatchObject({
        state: "created",
        cordoned: false,
        host_status: "ok",
        config: {
          image: `registry-1.docker.io/library/${target.image}`,
          guest: { cpu_kind: "shared", cpus: 1, memory_mb: 256 },
          init: { exec: ["true"] },
          restart: { policy: "on-failure" },
          auto_destroy: true,
        },
        image_ref: { registry: "registry-1.docker.io", repository: "library/busybox", tag: "1.37" },
      });
      expect(machine.version ?? machine.instance_id).toBe(machine.instance_id);
      expect(machine.events.at(-1)).toMatchObject({ type: "launch", status: "created", source: "user" });
    });

    it("keeps every part of its config, with durations as text", async () => {
      const given = {
        env: { A: "1" },
        stop_config: { signal: "SIGTERM", timeout: "90s" },
        schedule: "monthly",
        files: [{ guest_path: "/tmp/contract.txt", raw_value: "eA==" }],
        services: [
          {
            protocol: "tcp",
            internal_port: 8080,
            autostart: true,
            min_machines_running: 0,
            ports: [{ port: 80, handlers: ["http"], force_https: false }],
            checks: [{ type: "tcp", port: 8080, interval: 15_000_000_000, timeout: "2s" }],
            concurrency: { type: "requests", soft_limit: 10, hard_limit: 20 },
          },
        ],
        checks: { up: { type: "http", port: 8080, path: "/", interval: "15s", grace_period: 1_000_000_000 } },
        metrics: { port: 9091, path: "/metrics" },
        dns: { skip_registration: true },
        statics: [{ guest_path: "/public", url_prefix: "/public" }],
      };
      const autostop = [
        { ...given.services[0], autostop: "stop" },
        { ...given.services[0], autostop: "off", internal_port: 8081, ports: [] },
      ];
      const more = { ...given, auto_destroy: false, services: autostop };
      const { id } = await made.machine(["true"], more, { skip_launch: true });
      const { config } = await api.ok("Machines_show", { machine: id });
      expect(config).toMatchObject({
        ...given,
        stop_config: { signal: "SIGTERM", timeout: "1m30s" },
        services: [
          {
            ...given.services[0],
            autostop: true,
            checks: [{ type: "tcp", port: 8080, interval: "15s", timeout: "2s" }],
          },
          { autostop: false, internal_port: 8081 },
        ],
        checks: { up: { type: "http", port: 8080, path: "/", interval: "15s", grace_period: "1s" } },
      });
    });

    it("gets a name where none was given", async () => {
      const { name } = await made.machine(["true"], {}, { name: undefined });
      expect(name).toMatch(/^[a-z]+-[a-z]+-\d+$/);
    });

    it("has its name for itself until it is destroyed", async () => {
      const name = made.name("single");
      const first = await made.machine(LIVES, {}, { name });
      expect(
        await api.refused("Machines_create", { body: { name, config: made.config(LIVES) } }),
      ).toMatchObject({
        status: 409,
        text: `already_exists: unique machine name violation, machine ID ${first.id} already exists with name "${name}"`,
      });
      await made.reach(first.id, "started");
      await api.ok("Machines_delete", { machine: first.id, query: { force: true } });
      await made.reach(first.id, "destroyed");
      expect((await made.machine(["true"], {}, { name })).id).not.toBe(first.id);
    });

    it("is updated to a new version with the whole config anew, and keeps the old one in its versions", async () => {
      const old = await made.machine(
        ["true"],
        { auto_destroy: false, env: { A: "1" } },
        { skip_launch: true },
      );
      await made.reach(old.id, "stopped");
      const config = made.config(["true"], { env: { B: "2" } });
      const body = { config, current_version: old.instance_id };
      const updated = await made.patiently("Machines_update", { machine: old.id, body });
      expect(updated.instance_id).not.toBe(old.instance_id);
      expect(updated.config.env).toEqual({ B: "2" });
      expect(updated).toMatchObject({ name: old.name, region: old.region });
      await made.reach(old.id, "stopped");
      expect(await api.ok("Machines_show", { machine: old.id })).toMatchObject({
        state: "stopped",
        instance_id: updated.instance_id,
      });
      const versions = await api.ok("Machines_list_versions", { machine: old.id });
      expect(versions.map(({ version }) => version)).toEqual([updated.instance_id, old.instance_id]);
      expect(versions.map(({ user_config }) => user_config.env)).toEqual([{ B: "2" }, { A: "1" }]);
    });

    it("is not updated over a version that the caller has not seen", async () => {
      const { id, instance_id } = await made.machine(
        ["true"],
        { auto_destroy: false },
        { skip_launch: true },
      );
      await made.reach(id, "stopped");
      const body = { config: made.config(["true"]), current_version: "01ARZ3NDEKTSV4RRFFQ69G5FAV" };
      const { status } = await api.refused("Machines_update", { machine: id, body });
      expect([400, 409, 412]).toContain(status);
      expect((await api.ok("Machines_show", { machine: id })).instance_id).toBe(instance_id);
    });

    it("that runs when it is updated runs again in its new version", async () => {
      const { id, instance_id: old } = await made.started();
      const config = made.config(LIVES, { env: { NEW: "yes" } });
      const { instance_id } = await api.ok("Machines_update", { machine: id, body: { config } });
      expect(instance_id).not.toBe(old);
      await made.patiently("Machines_wait", { machine: id, query: { instance_id, timeout: 15 } }, [404, 408]);
      expect((await made.exec(id, ["sh", "-c", "echo $NEW"])).stdout).toBe("yes\n");
      // An old version is replaced for good, whatever the Machine does.
      const query = { instance_id: old, state: "started", timeout: 1 };
      expect(await api.refused("Machines_wait", { machine: id, query })).toMatchObject({
        status: 408,
        text: expect.stringContaining("currently replaced"),
      });
    });

    it("is destroyed while it runs only by force, and can be shown afterwards", async () => {
      const { id } = await made.started();
      expect(await api.refused("Machines_delete", { machine: id })).toMatchObject({
        status: 412,
        text: "failed_precondition: unable to destroy machine, not currently stopped, suspended, failed or created",
      });
      await api.ok("Machines_delete", { machine: id, query: { force: true } });
      await made.reach(id, "destroyed");
      expect(["destroying", "destroyed"]).toContain((await api.ok("Machines_show", { machine: id })).state);
    });

    it("is destroyed by `kill`, too, which fly-go and fly-admin send", async () => {
      const { id } = await made.started();
      await api.ok("Machines_delete", { machine: id, query: { kill: true } });
      await made.reach(id, "destroyed");
    });

    it("is cordoned and uncordoned, which it shows", async () => {
      const { id } = await made.machine(["true"], { auto_destroy: false }, { skip_launch: true });
      await made.reach(id, "stopped");
      await api.ok("Machines_cordon", { machine: id });
      expect((await api.ok("Machines_show", { machine: id })).cordoned).toBe(true);
      await api.ok("Machines_uncordon", { machine: id });
      expect((await api.ok("Machines_show", { machine: id })).cordoned).toBe(false);
    });

    it("shows its processes, in the order that is asked for, and its memory", async () => {
      const { id } = await made.ready("sleep 901 &");
      const pids = async (order: string) => {
        const query = { sort_by: "pid", order };
        const processes = await api.ok("Machines_list_processes", { machine: id, query });
        expect(processes.map(({ command }) => command)).toContainEqual(expect.stringContaining("sleep 901"));
        return processes.map(({ pid }) => pid);
      };
      const [up, down] = [await pids("asc"), await pids("desc")];
      expect(up).toEqual(up.toSorted((a, b) => a - b));
      expect(down).toEqual(down.toSorted((a, b) => b - a));
      const { available_mb, limit_mb } = await api.ok("Machines_get_memory", { machine: id });
      expect(limit_mb).toBe(256);
      expect(available_mb).toBeLessThanOrEqual(limit_mb);
    });

    it.skipIf(!target.holdsToSize)("has its memory limited anew while it runs, and taken back", async () => {
      const { id } = await made.started();
      expect((await api.ok("Machines_set_memory", { machine: id, body: { limit_mb: 192 } })).limit_mb).toBe(
        192,
      );
      expect((await api.ok("Machines_get_memory", { machine: id })).limit_mb).toBe(192);
      await api.ok("Machines_reclaim_memory", { machine: id, body: { amount_mb: 1 } });
      const { status } = await api.refused("Machines_set_memory", { machine: id, body: { limit_mb: 0 } });
      expect(status).toBe(400);
    });
  });
}

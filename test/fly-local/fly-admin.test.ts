/** A client that nobody here wrote: npm's `fly-admin`, which Supabase keeps for its own use of Fly. */

import { createRequire } from "node:module";
import type FlyAdmin from "fly-admin/dist/client.js";
import { MachineState } from "fly-admin/dist/lib/machine.js";
import { ApiMachineRestartPolicyEnum, SignalRequestSignalEnum, StateEnum } from "fly-admin/dist/lib/types.js";
import { describe, expect, it } from "vitest";
import { levels } from "./processes/levels.ts";
import { serve } from "./support.ts";

// What the package exports by name speaks to Fly alone; its class takes other addresses.
const { default: Client } = createRequire(import.meta.url)("fly-admin/dist/client.js") as {
  default: typeof FlyAdmin;
};
const app_name = "clients";

describe.each(levels)("fly-admin, with machines at level %s", async (isolation) => {
  const { url } = await serve({ isolation });
  const fly = new Client("local-any", { apiUrl: url, graphqlUrl: url });
  const config = {
    image: "debian:12",
    guest: { cpu_kind: "shared", cpus: 1, memory_mb: 256 },
    restart: { policy: ApiMachineRestartPolicyEnum.No },
  };
  const lives = { ...config, init: { exec: ["sleep", "60"] } };
  const until = (machine_id: string, state: StateEnum) =>
    fly.Machine.waitMachine({ app_name, machine_id, state, timeout: "20s" });

  it("creates an app, finds it and deletes it", async () => {
    await fly.App.createApp({ org_slug: "personal", app_name: "short-lived" });
    expect(await fly.App.getApp("short-lived")).toMatchObject({ name: "short-lived" });
    const { apps } = await fly.App.listApps("personal");
    expect(apps.map(({ name }) => name)).toContain("short-lived");
    await fly.App.deleteApp("short-lived");
    await expect(fly.App.getApp("short-lived")).rejects.toThrow("404");
  });

  it("runs a machine to its end and reads its exit code", async () => {
    const { id } = await fly.Machine.createMachine({
      app_name,
      config: { ...config, init: { exec: ["sh", "-c", "exit 7"] } },
    });
    await until(id, StateEnum.Stopped);
    const events = await fly.Machine.listEvents({ app_name, machine_id: id });
    expect(events.find(({ type }) => type === "exit")).toMatchObject({
      request: { exit_event: { exit_code: 7, requested_stop: false } },
    });
    await fly.Machine.deleteMachine({ app_name, machine_id: id });
    await until(id, StateEnum.Destroyed);
  });

  it("stops, starts, restarts, signals, cordons and updates one", async () => {
    const machine = { app_name, machine_id: "" };
    const created = await fly.Machine.createMachine({ app_name, name: "steady", config: lives });
    machine.machine_id = created.id;
    await until(created.id, StateEnum.Started);
    expect(await fly.Machine.listMachines(app_name)).toMatchObject([{ name: "steady", state: "started" }]);
    expect(await fly.Machine.listProcesses(machine)).toEqual(
      expect.arrayContaining([expect.objectContaining({ command: expect.stringContaining("sleep") })]),
    );
    await fly.Machine.cordonMachine(machine);
    await fly.Machine.uncordonMachine(machine);
    await fly.Machine.stopMachine({ ...machine, timeout: "1s" });
    await until(created.id, StateEnum.Stopped);
    await fly.Machine.startMachine(machine);
    await until(created.id, StateEnum.Started);
    await fly.Machine.restartMachine({ ...machine, timeout: "1s" });
    await until(created.id, StateEnum.Started);
    const updated = await fly.Machine.updateMachine({ ...machine, config: { ...lives, env: { NEW: "1" } } });
    expect(updated.instance_id).not.toBe(created.instance_id);
    await until(created.id, StateEnum.Started);
    expect((await fly.Machine.listVersions(machine)).length).toBe(2);
    await fly.Machine.signalMachine({ ...machine, signal: SignalRequestSignalEnum.SIGKILL });
    await until(created.id, StateEnum.Stopped);
    await fly.Machine.deleteMachine({ ...machine, force: true });
    await until(created.id, StateEnum.Destroyed);
    expect(await fly.Machine.getMachine(machine)).toMatchObject({ state: MachineState.Destroyed });
  });

  it("leases a machine", async () => {
    const { id } = await fly.Machine.createMachine({ app_name, config: lives, skip_launch: true });
    const machine = { app_name, machine_id: id };
    const lease = await fly.Machine.acquireLease({ ...machine, ttl: 1 });
    expect(lease).toMatchObject({ status: "success", data: { nonce: expect.any(String) } });
    expect(await fly.Machine.getLease(machine)).toMatchObject({ status: "success" });
    // It can not send a nonce, so that this waits for the lease's end, as on Fly.
    await fly.Machine.deleteMachine({ ...machine, force: true });
  });

  it("keeps volumes and secrets", async () => {
    const volume = await fly.Volume.createVolume({ app_name, name: "data", region: "local", size_gb: 1 });
    expect(await fly.Volume.listVolumes(app_name)).toMatchObject([{ id: volume.id, name: "data" }]);
    await fly.Volume.extendVolume({ app_name, volume_id: volume.id, size_gb: 2 });
    await fly.Volume.deleteVolume({ app_name, volume_id: volume.id });
    await fly.Secret.setSecrets({ appId: app_name, secrets: [{ key: "TOKEN", value: "hush" }] });
    const read = { ...config, init: { exec: ["sh", "-c", '[ "$TOKEN" = hush ]'] } };
    const { id } = await fly.Machine.createMachine({ app_name, config: read });
    await until(id, StateEnum.Stopped);
    const events = await fly.Machine.listEvents({ app_name, machine_id: id });
    expect(events.find(({ type }) => type === "exit")).not.toHaveProperty("request.exit_event.exit_code", 1);
    await fly.Secret.unsetSecrets({ appId: app_name, keys: ["TOKEN"] });
  });

  it("is told the regions", async () => {
    const { platform } = await fly.Regions.getRegions();
    expect(platform.regions.map(({ code }) => code)).toContain("local");
  });
});

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { startMachinesServer } from "../../src/fly-local/server.ts";
import { api, LIVES, machines, stateDir } from "./support.ts";

describe("a server that finds the state of an older one", () => {
  it("goes on with its machines, whatever it has come to know about machines since", async () => {
    const options = { port: 0, stateDir: stateDir(), isolation: "process" as const, images: "host" as const };
    const older = await startMachinesServer(options);
    const { id } = await api(older.url).create(LIVES, { auto_destroy: false }, { skip_launch: true });
    await api(older.url).wait(id, "stopped");
    await older.close();
    const db = new DatabaseSync(join(options.stateDir, "machines.sqlite"));
    const known = ["restart", "relaunch", "cordoned", "lease", "followsSchedule", "image"].map(
      (key) => `'$.${key}'`,
    );
    db.exec(`UPDATE machines SET facts = json_remove(facts, ${known}); DROP TABLE versions`);
    db.close();

    const newer = await startMachinesServer(options);
    const fly = api(newer.url);
    expect(await fly.get(id)).toMatchObject({ state: "stopped", cordoned: false });
    expect((await fly.call("POST", `${machines}/${id}/start`)).status).toBe(200);
    expect((await fly.wait(id, "started")).status).toBe(200);
    expect((await fly.call("POST", `${machines}/${id}/lease`)).status).toBe(201);
    await newer.close();
  });

  it("keeps leases and versions over a restart, and takes what was suspended for stopped", async () => {
    const options = { port: 0, stateDir: stateDir(), isolation: "process" as const, images: "host" as const };
    const first = await startMachinesServer(options);
    const before = api(first.url);
    const { id } = await before.create(LIVES, { auto_destroy: false }, { skip_launch: true });
    await before.wait(id, "stopped");
    const config = { image: "alpine", init: { exec: LIVES } };
    await before.call("POST", `${machines}/${id}`, { config });
    await before.wait(id, "stopped");
    await before.call("POST", `${machines}/${id}/start`);
    await before.wait(id, "started");
    await before.call("POST", `${machines}/${id}/suspend`);
    expect((await before.wait(id, "suspended")).status).toBe(200);
    const lease = (await before.call("POST", `${machines}/${id}/lease?ttl=60`)).body;
    await first.close();

    const second = await startMachinesServer(options);
    const after = api(second.url);
    expect((await after.get(id)).state).toBe("stopped");
    expect((await after.call("GET", `${machines}/${id}/lease`)).body).toEqual(lease);
    expect((await after.call<unknown[]>("GET", `${machines}/${id}/versions`)).body).toHaveLength(2);
    await second.close();
  });
});

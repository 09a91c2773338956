import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { WireMachine } from "../../../src/fly/wire.ts";
import { systemClock } from "../../../src/fly-local/clock.ts";
import { isolatedLevels } from "../processes/containers.ts";
import { LIVES, machines, serve, stateDir } from "../support.ts";

interface Volume {
  id: string;
  name: string;
  state: string;
  size_gb: number;
  attached_machine_id: string | null;
  error?: string;
}
interface Snapshot {
  id: string;
  status: string;
  size: number;
  created_at: string;
  retention_days: number;
}

const volumes = "/v1/apps/test/volumes";

describe("volumes", async () => {
  const state = stateDir();
  const fly = await serve({ isolation: "process", stateDir: state });
  const create = async (more: object = {}) =>
    (await fly.call<Volume>("POST", volumes, { name: "data", ...more })).body;
  const taken = async (id: string): Promise<Snapshot[]> => {
    for (;;) {
      const { body } = await fly.call<Snapshot[]>("GET", `${volumes}/${id}/snapshots`);
      if (body.every((each) => each.status !== "running")) return body;
    }
  };

  it("are created with Fly's defaults, shown and listed", async () => {
    const made = await fly.call<Volume>("POST", volumes, { name: "first" });
    expect(made.status).toBe(200);
    expect(made.body).toMatchObject({
      id: expect.stringMatching(/^vol_[0-9a-z]{16}$/),
      name: "first",
      state: "created",
      size_gb: 3,
      region: "local",
      encrypted: true,
      attached_machine_id: null,
      snapshot_retention: 5,
      auto_backup_enabled: true,
      host_status: "ok",
    });
    expect((await fly.call("GET", `${volumes}/${made.body.id}`)).body).toEqual(made.body);
    expect((await fly.call("GET", volumes)).body).toContainEqual(made.body);
    expect((await fly.call("GET", "/v1/apps/other/volumes")).body).toEqual([]);
    expect((await fly.call("GET", `/v1/apps/other/volumes/${made.body.id}`)).status).toBe(404);
  });

  it.each(["PUT", "POST"])("are updated by %s", async (method) => {
    const { id } = await create();
    const update = { snapshot_retention: 14, auto_backup_enabled: false };
    expect(await fly.call(method, `${volumes}/${id}`, update)).toMatchObject({ status: 200, body: update });
    expect((await fly.call("GET", `${volumes}/${id}`)).body).toMatchObject(update);
  });

  it("grow and never shrink", async () => {
    const { id } = await create({ size_gb: 2 });
    expect(await fly.call("PUT", `${volumes}/${id}/extend`, { size_gb: 4 })).toMatchObject({
      status: 200,
      body: { volume: { id, size_gb: 4 }, needs_restart: false },
    });
    expect((await fly.call("PUT", `${volumes}/${id}/extend`, { size_gb: 3 })).status).toBe(422);
  });

  it("are deleted with their files, whose state the answer shows", async () => {
    const { id } = await create();
    expect(existsSync(join(state, "volumes", id))).toBe(true);
    expect(await fly.call("DELETE", `${volumes}/${id}`)).toMatchObject({
      status: 200,
      body: { id, state: "pending_destroy" },
    });
    expect((await fly.call("GET", `${volumes}/${id}`)).status).toBe(404);
    await expect.poll(() => existsSync(join(state, "volumes", id))).toBe(false);
  });

  it.each([
    [{}, 400],
    [{ name: "Up" }, 400],
    [{ name: "../x" }, 400],
    [{ name: "a".repeat(31) }, 400],
    [{ name: "a", size_gb: 0 }, 400],
    [{ name: "a", size_gb: 501 }, 400],
    [{ name: "a", size_gb: "3" }, 400],
    [{ name: "a", snapshot_retention: 61 }, 400],
    [{ name: "a", encrypted: "yes" }, 400],
    [{ name: "a", source_volume_id: "vol_none" }, 404],
    [{ name: "a", snapshot_id: "vs_none" }, 404],
    [{ name: "a", snapshot_id: "vs_none", source_volume_id: "vol_none" }, 400],
    ["no json", 400],
  ])("refuse %o with %i and leave nothing", async (body, status) => {
    const before = readdirSync(join(state, "volumes")).length;
    expect((await fly.call("POST", volumes, body)).status).toBe(status);
    expect(readdirSync(join(state, "volumes")).length).toBe(before);
  });

  it("are out of other users' reach, as a machine is root of what it writes", () => {
    expect(statSync(join(state, "volumes")).mode & 0o777).toBe(0o700);
  });

  it("have snapshots, of which one at a time is taken", async () => {
    const { id } = await create({ snapshot_retention: 2 });
    const [first, second] = await Promise.all([
      fly.call<{ Msg: { backup: { graph_id: string } } }>("POST", `${volumes}/${id}/snapshots`),
      fly.call("POST", `${volumes}/${id}/snapshots`),
    ]);
    expect(first.status).toBe(200);
    expect(second.status).toBe(412);
    expect(second.body.error).toMatch(/^failed_precondition: snapshot is already scheduled at \d{4}-/);
    expect(await taken(id)).toEqual([
      expect.objectContaining({ id: first.body.Msg.backup.graph_id, status: "created", retention_days: 2 }),
    ]);
  });

  it("are as large as the snapshot that they are made of, or larger", async () => {
    const { id } = await create({ size_gb: 5 });
    await fly.call("POST", `${volumes}/${id}/snapshots`);
    const snapshot_id = (await taken(id))[0]?.id;
    expect((await create({ snapshot_id })).size_gb).toBe(5);
    expect((await create({ snapshot_id, size_gb: 7 })).size_gb).toBe(7);
    expect((await fly.call("POST", volumes, { name: "data", snapshot_id, size_gb: 4 })).status).toBe(422);
    await fly.call("DELETE", `${volumes}/${id}`);
    expect((await create({ snapshot_id })).size_gb).toBe(5);
  });

  it("lose their snapshots when the days of these are over", async () => {
    let now = Date.now();
    const later = await serve({ isolation: "process", clock: systemClock(() => now) });
    const { id } = (await later.call<Volume>("POST", volumes, { name: "data", snapshot_retention: 1 })).body;
    await later.call("POST", `${volumes}/${id}/snapshots`);
    const list = async () => (await later.call<Snapshot[]>("GET", `${volumes}/${id}/snapshots`)).body;
    await expect.poll(async () => (await list())[0]?.status).toBe("created");
    now += 25 * 3_600_000;
    expect(await list()).toEqual([]);
  });

  it("leave nothing for good where a server ended while it copied or removed", async () => {
    const other = stateDir();
    const names = ["vol_0123456789abcdef", "vs_0123456789abcdef.part", "somebody-else's"];
    for (const name of names) mkdirSync(join(other, "volumes", name, "deep"), { recursive: true });
    await serve({ isolation: "process", stateDir: other });
    await expect.poll(() => readdirSync(join(other, "volumes"))).toEqual(["somebody-else's"]);
  });

  it("of a deleted app are gone at once, and those of the next app of its name stay", async () => {
    const app = "/v1/apps/reborn";
    const config = { image: "x", auto_destroy: true, init: { exec: ["sh", "-c", "trap '' TERM; sleep 60"] } };
    await fly.call("POST", `${app}/machines`, { config });
    await fly.call("POST", `${app}/volumes`, { name: "old" });
    const deleted = fly.call("DELETE", app);
    expect((await deleted).status).toBe(202);
    await fly.call("POST", "/v1/apps", { name: "reborn", org_slug: "personal" });
    const made = await fly.call<Volume>("POST", `${app}/volumes`, { name: "new" });
    await expect.poll(async () => (await fly.call("GET", `${app}/machines`)).body).toEqual([]);
    expect((await fly.call("GET", `${app}/volumes`)).body).toEqual([made.body]);
    expect(existsSync(join(state, "volumes", made.body.id))).toBe(true);
  });

  it("are not mounted where machines share the computer's files, and the refusal says why", async () => {
    const { id } = await create();
    const config = { image: "x", init: { exec: LIVES }, mounts: [{ volume: id, path: "/data" }] };
    const reply = await fly.call("POST", machines, { config });
    expect(reply.status).toBe(400);
    expect(reply.body.error).toContain('config.mounts is refused: at isolation level "process"');
  });
});

describe.each(isolatedLevels)("volumes of machines at level %s", async (isolation) => {
  const state = stateDir();
  const fly = await serve({ isolation, stateDir: state });
  const volume = async (more: object = {}) =>
    (await fly.call<Volume>("POST", volumes, { name: "data", ...more })).body;
  const run = async (script: string, mounts: object[]) => {
    const { id } = await fly.create(["sh", "-c", script], { mounts });
    const exit = await fly.exitOf(id);
    return exit?.exit_code ?? 0;
  };
  const create = (mounts: unknown) =>
    fly.call<WireMachine & { error?: string }>("POST", machines, {
      config: {
        image: "alpine",
        init: { exec: LIVES },
        auto_destroy: true,
        restart: { policy: "no" },
        mounts,
      },
    });

  it("keep what a machine wrote for the next one", async () => {
    const { id } = await volume();
    const mounts = [{ volume: id, path: "/srv/deep/data" }];
    expect(await run("mkdir /srv/deep/data/a && echo kept >/srv/deep/data/a/b", mounts)).toBe(0);
    expect(await run("[ $(cat /srv/deep/data/a/b) = kept ]", mounts)).toBe(0);
    expect(existsSync("/srv/deep")).toBe(false);
  });

  it("are the machine's alone until it is destroyed", async () => {
    const { id } = await volume();
    const mounts = [{ volume: id, path: "/data" }];
    const holder = (await create(mounts)).body.id;
    expect((await fly.call<Volume>("GET", `${volumes}/${id}`)).body.attached_machine_id).toBe(holder);
    expect(await create(mounts)).toMatchObject({
      status: 412,
      body: { error: `failed_precondition: volume already claimed by machine ${holder}` },
    });
    expect(await fly.call("DELETE", `${volumes}/${id}`)).toMatchObject({
      status: 412,
      body: { error: `failed_precondition: volume is currently bound to machine: ${holder}` },
    });
    await fly.wait(holder, "started");
    await fly.call("DELETE", `${machines}/${holder}?force=true`);
    await fly.wait(holder, "destroyed");
    expect((await fly.call("DELETE", `${volumes}/${id}`)).status).toBe(200);
  });

  it("stay the machine's over an update, at another path where that says so, and no other one takes their place", async () => {
    const [{ id }, other] = [await volume(), await volume()];
    const holder = (await create([{ volume: id, path: "/data" }])).body.id;
    await fly.wait(holder, "started");
    const update = (mounts?: unknown) =>
      fly.call<WireMachine & { error?: string }>("POST", `${machines}/${holder}`, {
        config: {
          image: "alpine",
          init: { exec: LIVES },
          restart: { policy: "no" },
          ...(mounts !== undefined && { mounts }),
        },
      });
    for (const wrong of [other.id, "..", "../.."]) {
      const refused = await update([{ volume: wrong, path: "/data" }]);
      expect([refused.status, refused.body.error]).toEqual([
        400,
        expect.stringContaining("config.mounts: an update can not give a machine another volume"),
      ]);
    }
    await fly.exec(holder, ["sh", "-c", "echo kept >/data/file"]);
    for (const [mounts, path] of [
      [undefined, "/data"],
      [[{ volume: id, path: "/moved" }], "/moved"],
    ] as const) {
      const { instance_id } = (await update(mounts)).body;
      await fly.call("GET", `${machines}/${holder}/wait?state=started&version=${instance_id}`);
      expect((await fly.exec(holder, ["cat", `${path}/file`])).body.stdout).toBe("kept\n");
    }
    await fly.call("DELETE", `${machines}/${holder}?force=true`);
  });

  it("are found by their name where one of it is free", async () => {
    const { id } = await volume({ name: "by_name" });
    const first = await create([{ name: "by_name", path: "/data" }]);
    expect(first.body.config?.mounts).toEqual([{ name: "by_name", path: "/data", volume: id }]);
    expect((await create([{ name: "by_name", path: "/data" }])).status).toBe(412);
    await fly.call("DELETE", `${machines}/${first.body.id}?force=true`);
  });

  it("have in a snapshot what they had then", async () => {
    const { id } = await volume();
    const write = "echo before >/v/file; ln -s file /v/link; mkfifo /v/pipe; chmod 4755 /v/file";
    expect(await run(write, [{ volume: id, path: "/v" }])).toBe(0);
    await fly.call("POST", `${volumes}/${id}/snapshots`);
    const snapshots = async () => (await fly.call<Snapshot[]>("GET", `${volumes}/${id}/snapshots`)).body;
    await expect.poll(async () => (await snapshots())[0]?.status).toBe("created");
    expect((await snapshots())[0]?.size).toBe(7);
    await run("echo after >/v/file", [{ volume: id, path: "/v" }]);
    const restored = await volume({ snapshot_id: (await snapshots())[0]?.id });
    const check = "[ $(cat /v/link) = before ] && [ -p /v/pipe ] && [ -u /v/file ]";
    expect(await run(check, [{ volume: restored.id, path: "/v" }])).toBe(0);
    const fork = await volume({ source_volume_id: id });
    expect(await run("[ $(cat /v/link) = after ]", [{ volume: fork.id, path: "/v" }])).toBe(0);
  });

  it("open no device that a machine made on them", async () => {
    const { id } = await volume();
    const code = await run("mknod /v/disk b 8 0; head -c1 /v/disk || exit 9", [{ volume: id, path: "/v" }]);
    expect(code).toBe(9);
  });

  it("show a machine nothing of other volumes", async () => {
    const { id } = await volume();
    const script = `[ "$(ls -A ${join(state, "volumes")} 2>/dev/null | wc -l)" = 0 ] && [ -d /v ]`;
    expect(await run(script, [{ volume: id, path: "/v" }])).toBe(0);
  });

  it.each([
    ["data"],
    [[{ path: "/data" }]],
    [[{ volume: "vol_none", path: "/data" }]],
    [[{ volume: 7, path: "/data" }]],
    [[{ name: "data", path: "/" }]],
    [[{ name: "data", path: "data" }]],
    [[{ name: "data", path: "/a/../b" }]],
    [[{ name: "data", path: "/a\0b" }]],
    [
      [
        { name: "data", path: "/a" },
        { name: "data", path: "/b" },
      ],
    ],
  ])("refuse the mounts %o with 400 and leave no machine", async (mounts) => {
    const before = (await fly.call<WireMachine[]>("GET", machines)).body.length;
    const reply = await create(mounts);
    expect(reply.status).toBe(400);
    expect(reply.body.error).toContain("config.mounts");
    expect((await fly.call<WireMachine[]>("GET", machines)).body.length).toBe(before);
  });
});

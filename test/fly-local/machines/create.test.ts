import { describe, expect, it } from "vitest";
import type { WireMachine } from "../../../src/fly/wire.ts";
import { LIVES, machines, serve } from "../support.ts";

describe("create", async () => {
  const fly = await serve({ isolation: "process" });
  const post = (body: unknown) => fly.call("POST", machines, body);
  const config = { image: "alpine", init: { exec: ["true"] }, auto_destroy: true, restart: { policy: "no" } };

  it("answers at once with the config filled in", async () => {
    const reply = await fly.call<WireMachine>("POST", machines, {
      config: { image: "alpine", init: { exec: ["true"] } },
    });
    expect(reply.status).toBe(200);
    const machine = reply.body;
    expect(machine).toMatchObject({
      state: "created",
      region: "local",
      cordoned: false,
      host_status: "ok",
      config: {
        image: "registry-1.docker.io/library/alpine:latest",
        guest: { cpu_kind: "shared", cpus: 1, memory_mb: 256 },
        restart: { policy: "on-failure" },
        dns: {},
      },
      image_ref: { registry: "registry-1.docker.io", repository: "library/alpine", tag: "latest" },
    });
    expect(machine.id).toMatch(/^[0-9a-f]{14}$/);
    expect(machine.instance_id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(machine.name).toMatch(/^[a-z]+-[a-z]+-\d{4}$/);
    expect(machine.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(machine.events).toMatchObject([{ type: "launch", status: "created", source: "user" }]);
  });

  it("fills in what is written shorter, and takes null for what is absent", async () => {
    const reply = await fly.call<WireMachine>("POST", machines, {
      name: null,
      region: "eu,fra,any",
      skip_launch: true,
      config: {
        ...config,
        env: null,
        guest: { size: "shared-cpu-2x", max_memory_mb: 1024 },
        stop_config: { timeout: 1_500_000_000 },
        services: [{ autostop: "off" }, { autostop: "stop" }, { autostop: "suspend" }, { protocol: "tcp" }],
      },
    });
    expect(reply.body).toMatchObject({
      region: "fra",
      config: {
        guest: { cpu_kind: "shared", cpus: 2, memory_mb: 512, max_memory_mb: 1024 },
        stop_config: { timeout: "1.5s" },
        services: [{ autostop: false }, { autostop: true }, { autostop: "suspend" }, { protocol: "tcp" }],
      },
    });
    expect(reply.body.config).not.toHaveProperty("env");
  });

  it("makes a machine of a size that is given as clients did it before there were guests", async () => {
    const sized = async (more: object) =>
      (await fly.call<WireMachine>("POST", machines, { config: { ...config, ...more } })).body.config?.guest;
    expect(await sized({ size: "performance-2x" })).toEqual({
      cpu_kind: "performance",
      cpus: 2,
      memory_mb: 4096,
    });
    const guest = { cpu_kind: "shared", cpus: 4, memory_mb: 1024 };
    expect(await sized({ size: "performance-2x", guest })).toEqual(guest);
    expect((await post({ config: { ...config, size: "huge" } })).body.error).toBe(
      'invalid config.guest.size "huge"',
    );
  });

  it.each([
    ["ams", "ams"],
    ["fra,ams", "fra"],
    ["eu,ams", "ams"],
    ["any", "local"],
    ["eu", "local"],
    ["usa", "local"],
    ["local", "local"],
    ["", "local"],
  ])("places a machine for the region expression %j in one region, %s", async (region, placed) => {
    const { body: machine } = await fly.call<WireMachine>("POST", machines, { region, config });
    expect(machine.region).toBe(placed);
    expect((await fly.call<WireMachine>("GET", `${machines}/${machine.id}`)).body.region).toBe(placed);
  });

  it("refuses a name that a machine has, and gives it out again when that is destroyed", async () => {
    const first = await fly.create(LIVES, {}, { name: "one" });
    const again = await post({ name: "one", config });
    expect(again.status).toBe(409);
    expect(again.body.error).toBe(
      `already_exists: unique machine name violation, machine ID ${first.id} already exists with name "one"`,
    );
    const elsewhere = await fly.call("POST", "/v1/apps/other/machines", { name: "one", config });
    expect(elsewhere.status).toBe(200);
    await fly.call("DELETE", `${machines}/${first.id}?force=true`);
    await fly.wait(first.id, "destroyed");
    expect((await post({ name: "one", config })).status).toBe(200);
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
    [
      { cpu_kind: "performance", cpus: 1, memory_mb: 2049 },
      "invalid config.guest.memory_mb, must be a multiple of 256 MiB",
    ],
  ])("refuses the guest %o in Fly's words", async (guest, error) => {
    expect(await post({ config: { ...config, guest } })).toMatchObject({ status: 400, body: { error } });
  });

  it("keeps a variable and a metadata key of any name, such as __proto__", async () => {
    const odd = JSON.parse('{"__proto__": "kept", "constructor": "too"}');
    const made = await post({
      config: { image: "alpine", init: { exec: ["env"] }, env: odd, metadata: odd, auto_destroy: false },
    });
    const { id } = made.body as unknown as { id: string };
    await fly.wait(id, "stopped");
    const { config: kept } = await fly.get(id);
    expect(JSON.stringify([kept?.env, kept?.metadata])).toBe(JSON.stringify([odd, odd]));
    const logs = JSON.stringify((await fly.call("GET", `/api/v1/apps/test/logs?instance=${id}`)).body);
    expect(logs).toContain('"__proto__=kept"');
    await fly.call("DELETE", `${machines}/${id}`);
  });

  it("takes a flag that is neither on nor off for neither", async () => {
    const { id } = await fly.create(LIVES);
    await fly.wait(id, "started");
    const destroy = (query: string) => fly.call("DELETE", `${machines}/${id}?${query}`);
    for (const flag of ["force", "kill"])
      expect(await destroy(`${flag}=maybe`)).toMatchObject({
        status: 400,
        body: { error: `invalid_argument: ${flag}: true or false is expected, and not "maybe"` },
      });
    // As Python writes it.
    expect((await destroy("force=False")).status).toBe(412);
    expect((await destroy("force=true&kill=maybe")).status).toBe(400);
    expect((await destroy("force=True")).status).toBe(200);
    await fly.wait(id, "destroyed");
  });

  it.each([
    ["a body that is no JSON", "{"],
    ["a body that is no object", "[1]"],
    ["no config", {}],
    ["no image", { config: { init: { exec: ["true"] } } }],
    ["no command", { config: { image: "alpine" } }],
    ["a number in env", { config: { ...config, env: { A: 1 } } }],
    ["a variable without a name", { config: { ...config, env: { "": "x" } } }],
    ["a relative file", { config: { ...config, files: [{ guest_path: "tmp/x", raw_value: "eA==" }] } }],
    [
      "a file that climbs",
      { config: { ...config, files: [{ guest_path: "/tmp/../etc/x", raw_value: "eA==" }] } },
    ],
    [
      "a file that is not base64",
      { config: { ...config, files: [{ guest_path: "/tmp/x", raw_value: "?" }] } },
    ],
    ["a NUL in env", { config: { ...config, env: { A: "a\0b" } } }],
    ["a NUL in the command", { config: { ...config, init: { exec: ["echo", "a\0b"] } } }],
    ["a name with a slash", { config, name: "../x" }],
    ["a name with a line break", { config, name: "a\nb" }],
    ["a region that is no word", { config, region: "ams;rm" }],
    ["two volumes", { config: { ...config, mounts: [{ volume: "a" }, { volume: "b" }] } }],
    ["retries below none", { config: { ...config, restart: { policy: "on-failure", max_retries: -1 } } }],
    ["a stop signal that stops nothing", { config: { ...config, stop_config: { signal: "SIGCHLD" } } }],
    ["a stop timeout that is none", { config: { ...config, stop_config: { timeout: "soon" } } }],
    ["a size that is none", { config: { ...config, guest: { size: "enormous-8x" } } }],
    ["a lease of half a second", { config, lease_ttl: 0.5 }],
    ["a lease for ever", { config, lease_ttl: 1e20 }],
    ["a port that is text", { config: { ...config, services: [{ internal_port: "80" }] } }],
    ["an autostop that is none", { config: { ...config, services: [{ autostop: "later" }] } }],
    ["a check's time that is none", { config: { ...config, checks: { up: { interval: "soon" } } } }],
    ["statics from nowhere", { config: { ...config, statics: [{ url_prefix: "/" }] } }],
    ["an unknown restart policy", { config: { ...config, restart: { policy: "sometimes" } } }],
  ])("refuses %s with 400", async (_, body) => {
    const reply = await post(body);
    expect(reply.status).toBe(400);
    expect(reply.body.error.length).toBeGreaterThan(10);
  });

  it.each([
    { rootfs: { persist: "always" } },
    { rootfs: { persist: 2 } },
    { guest: { cpu_kind: "shared", cpus: 1, memory_mb: 256, persist_rootfs: "restart" } },
  ])("refuses a root that is to be kept, which it would lose: %j", async (kept) => {
    const reply = await post({ config: { ...config, ...kept } });
    expect([reply.status, reply.body.error]).toEqual([501, expect.stringContaining("persist")]);
    const fresh = await post({ config: { ...config, rootfs: { persist: "never" } } });
    expect(fresh.status).toBe(200);
  });

  it("refuses what it cannot do yet with 501, instead of leaving it out", async () => {
    const reply = await post({ config: { ...config, containers: [{ name: "a" }] } });
    expect(reply.status).toBe(501);
    expect(reply.body.error).toContain("config.containers");
    expect((await fly.call("POST", "/v1/apps/test/deploy_token")).status).toBe(501);
    expect((await fly.call("POST", "/v1/platform/placements")).body.error).toContain(
      "POST /v1/platform/placements",
    );
  });

  it("refuses a body above 8 MiB", async () => {
    const files = [{ guest_path: "/tmp/x", raw_value: "A".repeat(9 * 1024 * 1024) }];
    expect((await post({ config: { ...config, files } })).status).toBe(413);
  });
});

describe("the API", async () => {
  const fly = await serve({ isolation: "process" });

  it.each<Record<string, string>>([{}, { authorization: "Basic abc" }, { authorization: "Bearer " }])(
    "lets nobody in with %o",
    async (headers) => {
      const reply = await fly.call("GET", machines, undefined, { headers });
      expect(reply).toMatchObject({ status: 401, body: { error: "Authenticate: token validation error" } });
    },
  );

  it.each(["Bearer x", "FlyV1 fm2_a,fm2_b", "Bearer fm2_a"])(
    "lets in any token, such as %s",
    async (authorization) => {
      expect(
        (await fly.call("GET", "/v1/apps/anything", undefined, { headers: { authorization } })).status,
      ).toBe(200);
    },
  );

  it("lets in only its token when it has one", async () => {
    const closed = await serve({ isolation: "process", token: "s3cret" });
    expect((await closed.call("GET", machines)).status).toBe(401);
    const headers = { authorization: "Bearer s3cret" };
    expect((await closed.call("GET", machines, undefined, { headers })).status).toBe(200);
  });
});

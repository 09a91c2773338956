import { describe, expect, it } from "vitest";
import type { MachinesServerOptions } from "../../../src/fly-local/server.ts";
import { hasCgroups, hasDisks } from "../processes/limits-here.ts";
import { api, LIVES, machines, serve } from "../support.ts";

interface Memory {
  available_mb: number;
  limit_mb: number;
  error: string;
}

const MEMORY_512 = { guest: { cpu_kind: "shared", cpus: 1, memory_mb: 512 } };
/** Needs so much memory for a moment. */
const needs = (mb: number) => ["sh", "-c", `head -c ${mb}m /dev/zero | tail -c ${mb}m >/dev/null`];

describe.skipIf(!hasCgroups)("the memory of a running machine", async () => {
  const fly = hasCgroups ? await serve({ isolation: "sandbox" }) : api("");
  const make = async (argv = LIVES, config: object = {}) => {
    const { id } = await fly.create(argv, { ...MEMORY_512, auto_destroy: false, ...config });
    await fly.wait(id, "started");
    return id;
  };
  const show = (id: string) => fly.call<Memory>("GET", `${machines}/${id}/memory`);
  const set = (id: string, body: unknown) => fly.call<Memory>("PUT", `${machines}/${id}/memory`, body);
  const reclaim = (id: string, body: unknown) =>
    fly.call<{ actual_mb: number; error: string }>("POST", `${machines}/${id}/memory/reclaim`, body);
  const destroy = (id: string) => fly.call("DELETE", `${machines}/${id}?force=true`);
  const exitOf = async (id: string, command: string[]) => (await fly.exec(id, command)).body.exit_code;

  it("is less or more from the moment on that it is set, until the machine starts anew", async () => {
    const id = await make();
    const lowered = await set(id, { limit_mb: 64 });
    expect(lowered).toMatchObject({ status: 200, body: { limit_mb: 64 } });
    expect(lowered.body.available_mb).toBeLessThanOrEqual(64);
    expect((await show(id)).body.limit_mb).toBe(64);
    expect(await fly.get(id)).toMatchObject({ limits: { memory_mb: 64 }, config: MEMORY_512 });
    expect(await exitOf(id, needs(128))).toBe(137);
    expect((await set(id, { limit_mb: 300 })).status).toBe(200);
    expect(await exitOf(id, needs(128))).toBe(0);
    await fly.call("POST", `${machines}/${id}/stop`, { signal: "SIGKILL" });
    await fly.wait(id, "stopped");
    expect((await set(id, { limit_mb: 64 })).status).toBe(412);
    await fly.call("POST", `${machines}/${id}/start`);
    await fly.wait(id, "started");
    expect((await show(id)).body.limit_mb).toBe(512);
    await destroy(id);
  });

  it("is not set below what it uses, which would be taken by killing", async () => {
    const id = await make(["sh", "-c", "(head -c 100m /dev/zero; sleep 60) | tail -c 100m"]);
    await expect.poll(async () => (await show(id)).body.available_mb).toBeLessThan(412);
    const refused = await set(id, { limit_mb: 50 });
    expect(refused.status).toBe(412);
    expect(refused.body.error).toMatch(
      /^failed_precondition: the machine uses 1\d\d MiB of memory, and can not be held to 50 MiB$/,
    );
    expect((await show(id)).body.limit_mb).toBe(512);
    expect((await fly.get(id)).state).toBe("started");
    await destroy(id);
  });

  it("is at most what the machine was made with, or may be given later", async () => {
    const id = await make();
    for (const limit_mb of [0, -1, 1.5, 513, "64", null, undefined]) {
      const { status, body } = await set(id, { limit_mb });
      expect([limit_mb, status]).toEqual([limit_mb, 400]);
      expect(body.error).toBe(
        "invalid_argument: limit_mb: a whole number of MiB from 1 to 512, the machine's memory, is expected",
      );
    }
    await destroy(id);
    const larger = await make(LIVES, { guest: { ...MEMORY_512.guest, max_memory_mb: 1024 } });
    expect((await set(larger, { limit_mb: 1024 })).body.limit_mb).toBe(1024);
    expect(await exitOf(larger, needs(600))).toBe(0);
    await destroy(larger);
  });

  it("of what somebody else leases is not set", async () => {
    const id = await make();
    const lease = await fly.call<{ data: { nonce: string } }>("POST", `${machines}/${id}/lease`, { ttl: 60 });
    expect((await set(id, { limit_mb: 64 })).status).toBe(409);
    const headers = { authorization: "Bearer x", "fly-machine-lease-nonce": lease.body.data.nonce };
    const own = await fly.call("PUT", `${machines}/${id}/memory`, { limit_mb: 64 }, { headers });
    expect(own.status).toBe(200);
    await fly.call("DELETE", `${machines}/${id}?force=true`, undefined, { headers });
  });

  it("of what ends meanwhile is nobody's", async () => {
    for (let round = 0; round < 10; round++) {
      const id = await make();
      const [limited, reclaimed] = await Promise.all([
        set(id, { limit_mb: 256 }),
        reclaim(id, { amount_mb: 1 }),
        destroy(id),
      ]);
      for (const { status, body } of [limited, reclaimed]) expect([200, 412], body.error).toContain(status);
      await fly.wait(id, "destroyed");
    }
  });

  it.skipIf(!hasDisks)("is taken back as far as it holds copies of files, and no further", async () => {
    const id = await make();
    await fly.exec(id, ["sh", "-c", "head -c 100m /dev/zero >/var/hundred"]);
    const first = await reclaim(id, { amount_mb: 80 });
    expect(first.status).toBe(200);
    expect(first.body.actual_mb).toBeGreaterThanOrEqual(80);
    expect((await reclaim(id, { amount_mb: 80 })).body.actual_mb).toBeLessThan(60);
    expect(await exitOf(id, ["sh", "-c", "test $(stat -c %s /var/hundred) = 104857600"])).toBe(0);
    for (const amount_mb of [0, 1.5, 513, 2 ** 50, "80", undefined])
      expect((await reclaim(id, { amount_mb })).body.error).toBe(
        "invalid_argument: amount_mb: a whole number of MiB from 1 to 512, the machine's memory, is expected",
      );
    expect((await reclaim(id, { amount_mb: 512 })).status).toBe(200);
    await destroy(id);
  });
});

describe("the memory of machines that nothing holds to any", () => {
  const servers: [Partial<MachinesServerOptions>, string][] = [
    [{ isolation: "process" }, 'isolation level "process"'],
    [{ isolation: "sandbox", limits: false }, "--no-limits"],
  ];
  it.each(hasCgroups ? servers : servers.slice(0, 1))(
    "is not set or taken back, and the answer says why: %o",
    async (options, words) => {
      const fly = await serve(options);
      const { id } = await fly.create(LIVES);
      await fly.wait(id, "started");
      for (const [method, path, body] of [
        ["PUT", "memory", { limit_mb: 64 }],
        ["POST", "memory/reclaim", { amount_mb: 1 }],
      ] as const) {
        const reply = await fly.call(method, `${machines}/${id}/${path}`, body);
        expect(reply.status).toBe(412);
        expect(reply.body.error).toContain(words);
      }
    },
  );
});

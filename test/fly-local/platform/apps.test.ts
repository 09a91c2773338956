import { describe, expect, it } from "vitest";
import type { WireMachine } from "../../../src/fly/wire.ts";
import { LIVES, serve, stateDir } from "../support.ts";

interface App {
  name: string;
  status: string;
  machine_count: number;
  volume_count: number;
  internal_numeric_id: number;
  organization: { slug: string; internal_numeric_id: number };
  created_at?: number;
  error?: string;
}

const config = {
  image: "alpine",
  auto_destroy: true,
  restart: { policy: "no" },
  init: { exec: LIVES },
};

describe("apps", async () => {
  const state = stateDir();
  const fly = await serve({ isolation: "process", stateDir: state });
  const get = (name: string) => fly.call<App>("GET", `/v1/apps/${name}`);
  const names = async (org: string) =>
    (await fly.call<{ apps: App[]; total_apps: number }>("GET", `/v1/apps?org_slug=${org}`)).body.apps.map(
      ({ name }) => name,
    );

  it.each(["app_name", "name"])("are created by %s, shown and listed", async (key) => {
    const made = await fly.call<App>("POST", "/v1/apps", { [key]: `by-${key.length}`, org_slug: "personal" });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: `by-${key.length}`, status: "pending", machine_count: 0 });
    expect(made.body.created_at).toBeGreaterThan(1_600_000_000_000);
    expect(Number.isInteger(made.body.internal_numeric_id)).toBe(true);
    const { created_at, ...app } = made.body;
    expect((await get(app.name)).body).toEqual(app);
    expect(await names("personal")).toContain(app.name);
    expect(await names("local")).toContain(app.name);
    expect(await names("others")).toEqual([]);
  });

  it("have a name that nobody else has", async () => {
    await fly.call("POST", "/v1/apps", { name: "taken", org_slug: "personal" });
    expect(await fly.call("POST", "/v1/apps", { name: "taken", org_slug: "other" })).toMatchObject({
      status: 422,
      body: { error: "Validation failed: Name has already been taken", status: "name_taken" },
    });
  });

  it("are created once, however often a create is repeated with its key", async () => {
    const body = { name: "keyed", org_slug: "personal", idempotency_key: "k1" };
    expect((await fly.call("POST", "/v1/apps", body)).status).toBe(201);
    expect((await fly.call("POST", "/v1/apps", body)).status).toBe(201);
    expect((await fly.call("POST", "/v1/apps", { ...body, idempotency_key: "k2" })).status).toBe(422);
  });

  it.each([
    [{}, 400],
    [{ name: 7 }, 400],
    [{ name: "Large" }, 422],
    [{ name: "a/b" }, 422],
    [{ name: `a${"b".repeat(63)}` }, 422],
    [{ name: "fine", org_slug: 7 }, 400],
    ["no json", 400],
  ])("refuse %o with %i", async (body, status) => {
    expect((await fly.call("POST", "/v1/apps", body)).status).toBe(status);
    expect(await names("local")).not.toContain("fine");
  });

  it.each(["%00", "%zz", "..%2f..", "a%20b", "Large", "x".repeat(64)])(
    "are not made of a machine or a secret in %s either, where any name is an app",
    async (name) => {
      const path = `/v1/apps/${name}`;
      const refusal = {
        status: 422,
        body: { error: expect.stringContaining("lowercase letters and dashes") },
      };
      const config = { image: "alpine", init: { exec: ["true"] } };
      expect(await fly.call("POST", `${path}/machines`, { config })).toMatchObject(refusal);
      expect(await fly.call("POST", `${path}/secrets/KEY`, { value: "v" })).toMatchObject(refusal);
      expect(await fly.call("POST", `${path}/volumes`, { name: "data" })).toMatchObject(refusal);
      expect(await fly.call("GET", `${path}/machines`)).toMatchObject(refusal);
      expect(await names("local")).not.toContain(decodeURIComponent(name.replace("%zz", "%25zz")));
    },
  );

  it("are listed for an organization only", async () => {
    expect((await fly.call("GET", "/v1/apps")).status).toBe(400);
  });

  it("that nobody created are there from their first use on", async () => {
    expect((await get("used")).status).toBe(200);
    expect(await names("local")).not.toContain("used");
    const { body } = await fly.call<WireMachine>("POST", "/v1/apps/used/machines", { config });
    expect((await get("used")).body).toMatchObject({ status: "deployed", machine_count: 1 });
    expect(await names("local")).toContain("used");
    await fly.call("DELETE", `/v1/apps/used/machines/${body.id}?force=true`);
  });

  it("that are deleted take along all they have, and are none until they are created again", async () => {
    const app = "/v1/apps/doomed";
    await fly.call("POST", "/v1/apps", { name: "doomed", org_slug: "personal" });
    const { id } = (await fly.call<WireMachine>("POST", `${app}/machines`, { config })).body;
    await fly.call("POST", `${app}/volumes`, { name: "data" });
    await fly.call("POST", `${app}/secrets/KEY`, { value: "v" });
    const waiting = fly.call("GET", `${app}/machines/${id}/wait?state=destroyed`);
    await fly.call("GET", `${app}/machines/${id}/wait?state=started`);
    expect(await fly.call("DELETE", app)).toMatchObject({ status: 202, body: "" });
    expect((await waiting).status).toBe(200);
    for (const path of ["", "/machines", `/machines/${id}`, "/volumes", "/secrets"])
      expect(await fly.call("GET", app + path), path).toMatchObject({
        status: 404,
        body: { error: 'Could not find App "doomed"' },
      });
    expect((await fly.call("POST", `${app}/machines`, { config })).status).toBe(404);
    expect((await fly.call("DELETE", app)).status).toBe(404);
    expect((await fly.call("POST", "/v1/apps", { name: "doomed", org_slug: "personal" })).status).toBe(201);
    for (const path of ["/machines", "/volumes"])
      expect((await fly.call("GET", app + path)).body).toEqual([]);
    expect((await fly.call("GET", `${app}/secrets`)).body).toEqual({ secrets: [] });
  });

  it("that are deleted take along the last words of their machines, but not those of the next app of the name", async () => {
    const [app, logs] = ["/v1/apps/talkative", "/api/v1/apps/talkative/logs"];
    const read = async () => {
      const { data } = (await fly.call<{ data: { attributes: { message: string } }[] }>("GET", logs)).body;
      return data.map(({ attributes }) => attributes.message);
    };
    const talks = { ...config, init: { exec: ["sh", "-c", "echo one; exec sleep 60"] } };
    const { id } = (await fly.call<WireMachine>("POST", `${app}/machines`, { config: talks })).body;
    await expect.poll(read).toEqual(["one"]);
    const waiting = fly.call("GET", `${app}/machines/${id}/wait?state=destroyed`);
    expect((await fly.call("DELETE", app)).status).toBe(202);
    await fly.call("POST", "/v1/apps", { name: "talkative", org_slug: "personal" });
    await fly.call<WireMachine>("POST", `${app}/machines`, { config: talks });
    await waiting;
    await expect.poll(read).toEqual(["one"]);
    await fly.call("DELETE", app);
  });

  it("where they are strict, have to be created first", async () => {
    const strict = await serve({ isolation: "process", strictApps: true });
    const notFound = { status: 404, body: { error: 'Could not find App "new"' } };
    expect(await strict.call("GET", "/v1/apps/new")).toMatchObject(notFound);
    expect(await strict.call("POST", "/v1/apps/new/machines", { config })).toMatchObject(notFound);
    expect(await strict.call("GET", "/v1/apps/new/machines")).toMatchObject(notFound);
    expect((await strict.call("POST", "/v1/apps", { name: "new", org_slug: "personal" })).status).toBe(201);
    expect((await strict.call("GET", "/v1/apps/new/machines")).body).toEqual([]);
  });

  it("know this computer as their only region", async () => {
    expect((await fly.call("GET", "/v1/platform/regions")).body).toMatchObject({
      Regions: [{ code: "local", deprecated: false, requires_paid_plan: false }],
      Nearest: "local",
    });
  });
});

it("apps, volumes and secrets are there after a restart of the server", async () => {
  const state = stateDir();
  const { startMachinesServer } = await import("../../../src/fly-local/server.ts");
  const { api } = await import("../support.ts");
  const start = () =>
    startMachinesServer({ port: 0, stateDir: state, isolation: "process", images: "host", strictApps: true });
  const first = await start();
  const before = api(first.url);
  await before.call("POST", "/v1/apps", { name: "kept", org_slug: "personal" });
  const volume = (await before.call<{ id: string }>("POST", "/v1/apps/kept/volumes", { name: "data" })).body;
  await before.call("POST", "/v1/apps/kept/secrets", { values: { KEY: "value" } });
  await first.close();
  const second = await start();
  const after = api(second.url);
  expect((await after.call<App>("GET", "/v1/apps/kept")).body.volume_count).toBe(1);
  expect((await after.call("GET", "/v1/apps/kept/volumes")).body).toEqual([volume]);
  expect((await after.call("GET", "/v1/apps/kept/secrets?show_secrets=true")).body).toMatchObject({
    secrets: [{ name: "KEY", value: "value" }],
  });
  await second.close();
});

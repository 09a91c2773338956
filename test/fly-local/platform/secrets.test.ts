import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { everyLevel } from "../processes/containers.ts";
import { LIVES, machines, serve, stateDir } from "../support.ts";

interface Listed {
  secrets: { name: string; digest: string; value?: string }[];
  version?: number;
}

const secrets = "/v1/apps/test/secrets";

describe("secrets", async () => {
  const state = stateDir();
  const fly = await serve({ isolation: "process", stateDir: state });
  const list = async (query = "") => (await fly.call<Listed>("GET", `${secrets}?${query}`)).body.secrets;

  it("are set, listed by digest, shown on request and deleted, each change with a new version", async () => {
    const one = await fly.call<{ version: number }>("POST", `${secrets}/ONE`, { value: "1" });
    expect(one.status).toBe(201);
    const many = await fly.call<Listed>("POST", secrets, { values: { TWO: "2", THREE: "3", ONE: null } });
    expect(many.status).toBe(200);
    expect(many.body.version).toBe(one.body.version + 1);
    expect(many.body.secrets.map(({ name }) => name)).toEqual(["THREE", "TWO"]);
    expect(await list()).toEqual(many.body.secrets);
    for (const secret of await list()) {
      expect(secret).not.toHaveProperty("value");
      expect(secret.digest).toMatch(/^[0-9a-f]{16}$/);
    }
    expect((await list("show_secrets=true")).map(({ value }) => value)).toEqual(["3", "2"]);
    expect((await fly.call("GET", `${secrets}/TWO`)).body).toMatchObject({ name: "TWO" });
    expect(await fly.call("DELETE", `${secrets}/TWO`)).toMatchObject({
      status: 200,
      body: { version: one.body.version + 2 },
    });
    expect((await fly.call("GET", `${secrets}/TWO`)).status).toBe(404);
    expect((await fly.call("DELETE", `${secrets}/TWO`)).status).toBe(404);
    expect((await fly.call<Listed>("GET", "/v1/apps/other/secrets")).body).toEqual({ secrets: [] });
  });

  it.each([
    ["", { values: { "no name": "x" } }],
    ["", { values: { FINE: "x", "1ST": "x" } }],
    ["", { values: { FINE: 7 } }],
    ["", { values: { FINE: "a\0b" } }],
    ["", { values: ["x"] }],
    ["", {}],
    ["/A-B", { value: "x" }],
    ["/FINE", {}],
    ["/FINE", "no json"],
  ])("refuse %s %o and change nothing", async (path, body) => {
    expect((await fly.call("POST", secrets + path, body)).status).toBe(400);
    expect((await list()).map(({ name }) => name)).not.toContain("FINE");
  });

  it("are kept where only their owner reads", () => {
    expect(statSync(join(state, "machines.sqlite")).mode & 0o777).toBe(0o600);
  });

  it("that a create waits for in vain refuse it for now", async () => {
    const config = { image: "x", init: { exec: LIVES }, auto_destroy: true };
    expect((await fly.call("POST", machines, { config, min_secrets_version: 999 })).status).toBe(412);
  });

  it("that a file is to hold are there and are base64, or the machine is refused", async () => {
    await fly.call("POST", `${secrets}/PLAIN`, { value: "no base64!" });
    for (const secret_name of ["PLAIN", "MISSING"]) {
      const files = [{ guest_path: "/tmp/mayfly-secret-file", secret_name }];
      const reply = await fly.call("POST", machines, {
        config: { image: "x", init: { exec: LIVES }, files },
      });
      expect(reply.status).toBe(400);
      expect(reply.body.error).toContain(`secret_name "${secret_name}"`);
    }
  });

  it("that an update waits for, or puts into files, are there, or it is refused and changes nothing", async () => {
    const { id, instance_id } = await fly.create(["true"], { auto_destroy: false }, { skip_launch: true });
    await fly.wait(id, "stopped");
    const config = { image: "x", init: { exec: LIVES } };
    const files = [{ guest_path: "/tmp/mayfly-secret-file", secret_name: "MISSING" }];
    const update = (body: object) => fly.call("POST", `${machines}/${id}`, body);
    expect((await update({ config, min_secrets_version: 999 })).status).toBe(412);
    expect((await update({ config: { ...config, files } })).status).toBe(400);
    expect((await fly.get(id)).instance_id).toBe(instance_id);
  });
});

describe.each(everyLevel)("secrets of machines at level %s", async (isolation) => {
  const fly = await serve({ isolation });
  const printed = async (id: string, name: string) => {
    await fly.wait(id, "started");
    return (await fly.exec(id, ["sh", "-c", `printf '%s' "$${name}"`])).body.stdout;
  };

  it("are in the environment from each start on, and win over config.env", async () => {
    await fly.call("POST", secrets, { values: { TOKEN: "first", BOTH: "secret" } });
    const { id } = await fly.create(LIVES, { auto_destroy: false, env: { BOTH: "env" } });
    expect(await printed(id, "TOKEN")).toBe("first");
    expect(await printed(id, "BOTH")).toBe("secret");
    await fly.call("POST", `${secrets}/TOKEN`, { value: "second" });
    expect(await printed(id, "TOKEN")).toBe("first");
    await fly.call("POST", `${machines}/${id}/stop`, { signal: "SIGKILL" });
    await fly.wait(id, "stopped");
    await fly.call("POST", `${machines}/${id}/start`);
    expect(await printed(id, "TOKEN")).toBe("second");
    expect(JSON.stringify(await fly.get(id))).not.toContain("second");
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("stay away from a machine that skips them", async () => {
    await fly.call("POST", `${secrets}/HIDDEN`, { value: "value" });
    const { id } = await fly.create(LIVES, {}, { skip_secrets: true });
    expect(await printed(id, "HIDDEN")).toBe("");
    const { config } = await fly.get(id);
    const updated = async (more: object) => {
      const { body } = await fly.call<{ instance_id: string }>("POST", `${machines}/${id}`, {
        config: { image: config?.image, init: { exec: LIVES } },
        ...more,
      });
      await fly.call("GET", `${machines}/${id}/wait?instance_id=${body.instance_id}`);
      return printed(id, "HIDDEN");
    };
    expect(await updated({})).toBe("value");
    expect(await updated({ skip_secrets: true })).toBe("");
    await fly.call("DELETE", `${machines}/${id}?force=true`);
  });

  it("fill files, and are in no answer", async () => {
    const path = `/tmp/mayfly-secret-${isolation}`;
    await fly.call("POST", `${secrets}/FILE`, { value: Buffer.from("content").toString("base64") });
    const { id } = await fly.create(LIVES, { files: [{ guest_path: path, secret_name: "FILE" }] });
    await fly.wait(id, "started");
    expect((await fly.exec(id, ["cat", path])).body.stdout).toBe("content");
    expect((await fly.get(id)).config?.files).toEqual([{ guest_path: path, secret_name: "FILE" }]);
    await fly.call("DELETE", `${machines}/${id}?force=true`);
    await fly.wait(id, "destroyed");
  });
});

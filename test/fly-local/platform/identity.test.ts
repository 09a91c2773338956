import { createPublicKey, verify } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { hasSandbox, levels } from "../processes/levels.ts";
import { nodeInside } from "../processes/node-inside.ts";
import { LIVES, machines, serve, stateDir } from "../support.ts";

const NODE = nodeInside();

const part = (text: string | undefined) => JSON.parse(Buffer.from(text ?? "", "base64url").toString());

it("a machine's token is signed by the key that its issuer publishes, and says who the machine is", async () => {
  const state = stateDir();
  const fly = await serve({ isolation: "process", stateDir: state });
  const machine = await fly.create(LIVES, {}, { name: "worker", region: "ams" });
  const ask = async (path: string, body: object) => (await fly.call<string>("POST", path, body)).body;
  const token = await ask("/v1/tokens/oidc", { aud: "sts.example.com", machine_id: machine.id });
  const [head, payload, signature] = token.split(".");
  const claims = part(payload);
  expect(claims).toMatchObject({
    iss: `${fly.url}/oidc/local`,
    aud: "sts.example.com",
    sub: "local:test:worker",
    app_name: "test",
    machine_id: machine.id,
    machine_name: "worker",
    machine_version: machine.instance_id,
    org_name: "local",
    region: "ams",
    image: "library/alpine:latest",
    image_digest: expect.stringMatching(/^sha256:/),
  });
  expect(claims.exp - claims.iat).toBe(600);
  expect(Math.abs(claims.iat - Date.now() / 1000)).toBeLessThan(30);

  const open = async (url: string) => (await fetch(url)).json();
  const discovered = await open(`${claims.iss}/.well-known/openid-configuration`);
  expect(discovered.issuer).toBe(claims.iss);
  const { keys } = await open(discovered.jwks_uri);
  expect(keys).toHaveLength(1);
  expect(keys[0]).not.toHaveProperty("d");
  expect(part(head)).toEqual({ alg: "RS256", typ: "JWT", kid: keys[0].kid });
  const key = createPublicKey({ key: keys[0], format: "jwk" });
  const isGood = verify(
    "sha256",
    Buffer.from(`${head}.${payload}`),
    key,
    Buffer.from(signature ?? "", "base64url"),
  );
  expect(isGood).toBe(true);
  expect(statSync(join(state, "oidc-key.json")).mode & 0o777).toBe(0o600);

  const byDefault = await ask("/v1/v1/tokens/oidc", { machine_id: machine.id });
  expect(part(byDefault.split(".")[1]).aud).toBe("https://fly.io/local");
  expect(part(byDefault.split(".")[0]).kid).toBe(keys[0].kid);

  expect((await fly.call("POST", "/v1/tokens/oidc", { aud: "x" })).body.error).toContain("machine_id");
  expect((await fly.call("POST", "/v1/tokens/oidc", { machine_id: "0" })).status).toBe(404);
  expect((await fly.call("POST", "/v1/tokens/oidc", { aud: 7, machine_id: machine.id })).status).toBe(400);
  await fly.call("DELETE", `${machines}/${machine.id}?force=true`);
});

it.skipIf(process.platform !== "linux").each(levels)(
  "a machine at level %s need not say which it is",
  async (isolation) => {
    const fly = await serve({ isolation });
    const [one, two] = [await fly.create(LIVES), await fly.create(LIVES)];
    const script = `fetch("${fly.url}/v1/tokens/oidc", {
    method: "POST", headers: { authorization: "Bearer x" }, body: JSON.stringify({ aud: "a" })
  }).then((reply) => reply.text()).then((text) => process.stdout.write(text))`;
    for (const { id } of [one, two]) {
      await fly.wait(id, "started");
      const { body } = await fly.exec(id, [NODE, "-e", script], 20);
      expect(part(body.stdout?.split(".")[1])).toMatchObject({ machine_id: id, aud: "a" });
    }
    for (const { id } of [one, two]) await fly.call("DELETE", `${machines}/${id}?force=true`);
  },
);

it.skipIf(process.platform !== "linux" || !hasSandbox)(
  "a machine needs the server's token for no token of its own, and gets none of another's",
  async () => {
    const fly = await serve({ isolation: "sandbox", token: "right" });
    const as = { headers: { authorization: "Bearer right", "content-type": "application/json" } };
    const config = { image: "alpine", init: { exec: LIVES } };
    const create = async () => (await fly.call<{ id: string }>("POST", machines, { config }, as)).body.id;
    const [one, two] = [await create(), await create()];
    for (const id of [one, two]) await fly.call("GET", `${machines}/${id}/wait?state=started`, undefined, as);
    /** What a Machine is answered that asks without a token. */
    const asks = async (body: object, env = "") => {
      const script = `fetch("${fly.url}/v1/tokens/oidc", { method: "POST", body: '${JSON.stringify(body)}' })
        .then(async (reply) => process.stdout.write(reply.status + " " + await reply.text()))`;
      const command = ["sh", "-c", `${env} exec "$0" -e "$1"`, NODE, script];
      const reply = await fly.call<{ stdout: string }>(
        "POST",
        `${machines}/${one}/exec`,
        { command, timeout: 20 },
        as,
      );
      return reply.body.stdout;
    };
    const own = await asks({ aud: "a" });
    expect(own).toMatch(/^200 /);
    expect(part(own.split(".")[1])).toMatchObject({ machine_id: one });
    expect(await asks({ machine_id: one })).toMatch(/^200 /);
    expect(await asks({ machine_id: two })).toMatch(/^401 /);
    expect(await asks({}, `FLY_MACHINE_ID=${two}`)).toMatch(/^401 /);
    const outside = await fetch(`${fly.url}/v1/tokens/oidc`, { method: "POST", body: "{}" });
    expect(outside.status).toBe(401);
    for (const id of [one, two]) await fly.call("DELETE", `${machines}/${id}?force=true`, undefined, as);
  },
);

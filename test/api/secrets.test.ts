import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { ErrorBody, RunBody } from "../../src/api/run-schema.ts";
import type { SecretBody, SecretListBody } from "../../src/api/secret-schema.ts";
import { SECRET_NAME_MAX_CHARS, SECRET_VALUE_MAX_BYTES } from "../../src/core/limits.ts";

const VALUE = "hunter2-hunter2-hunter2";

const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  exports.default.fetch(
    new Request(`https://mayfly.test${path}`, {
      method,
      headers: { authorization: "Bearer test-token", ...headers },
      body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
    }),
  );
const put = (name: string, value: unknown) => call("PUT", `/v1/secrets/${name}`, { value });
const submit = (secrets: unknown, more: object = {}) =>
  call("POST", "/v1/runs", { image: "debian:12", command: ["true"], secrets, ...more });

async function refused(response: Response, status: number, path: string | null, says: string) {
  const { error } = await response.json<ErrorBody>();
  expect([response.status, error.path, error.message]).toEqual([status, path, expect.stringContaining(says)]);
  expect(JSON.stringify(error)).not.toContain(VALUE);
}

async function rows(table: string): Promise<number> {
  return (await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>())?.n ?? -1;
}

beforeEach(() => env.DB.prepare("DELETE FROM secrets").run());

describe("a secret", () => {
  it("is set, replaced, listed and removed, and its value never told", async () => {
    const made = await put("TOKEN", VALUE);
    expect(made.status).toBe(201);
    const secret = await made.json<SecretBody>();
    expect(secret).toEqual({
      name: "TOKEN",
      version: 1,
      redacted: true,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    const replaced = await put("TOKEN", "short");
    expect(replaced.status).toBe(200);
    expect(await replaced.json()).toMatchObject({
      version: 2,
      redacted: false,
      created_at: secret.created_at,
    });
    await put("ANOTHER", VALUE);
    const list = await (await call("GET", "/v1/secrets")).json<SecretListBody>();
    expect(list.secrets.map(({ name, version }) => [name, version])).toEqual([
      ["ANOTHER", 1],
      ["TOKEN", 2],
    ]);
    const shown = await call("GET", "/v1/secrets/TOKEN");
    expect(Object.keys(await shown.json<SecretBody>())).toEqual(Object.keys(secret));
    expect((await call("DELETE", "/v1/secrets/TOKEN")).status).toBe(204);
    await refused(await call("GET", "/v1/secrets/TOKEN"), 404, "path.name", "there is no secret TOKEN");
    await refused(await call("DELETE", "/v1/secrets/TOKEN"), 404, "path.name", "there is no secret TOKEN");
    // A number is not used twice while the version that has it is kept.
    expect(await (await put("TOKEN", VALUE)).json()).toMatchObject({ version: 3 });
  });

  it("is set once by each of several who set it at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, (_, index) => put("BUSY", `${VALUE}${index}`)),
    );
    const versions = await Promise.all(
      answers.map(async (answer) => (await answer.json<SecretBody>()).version),
    );
    expect(versions.toSorted()).toEqual([1, 2, 3, 4]);
    const inForce = await env.DB.prepare(
      "SELECT version FROM secrets WHERE name = 'BUSY' AND retired_at IS NULL",
    ).all();
    expect(inForce.results).toEqual([{ version: 4 }]);
  });

  it.each([
    ["1ST", VALUE, "path.name", "not starting with a digit"],
    ["A-B", VALUE, "path.name", "letters, digits and _"],
    ["A".repeat(SECRET_NAME_MAX_CHARS + 1), VALUE, "path.name", `at most ${SECRET_NAME_MAX_CHARS}`],
    ["A", "", "value", "can not be empty"],
    ["A", undefined, "value", "is missing; it must be text"],
    ["A", 12345678, "value", "must be text"],
    ["A", { of: VALUE }, "value", "must be text"],
    ["A", `${VALUE}\0`, "value", "NUL"],
    ["A", `${VALUE}\ud800`, "value", "lone surrogates"],
    [
      "A",
      "\u00e4".repeat(SECRET_VALUE_MAX_BYTES / 2 + 1),
      "value",
      `at most ${SECRET_VALUE_MAX_BYTES} bytes`,
    ],
  ])("of name %s and value %j is refused, with nothing stored", async (name, value, path, says) => {
    await refused(await put(name, value), 422, path, says);
    expect(await rows("secrets")).toBe(0);
  });

  it("is refused in a body that is no JSON or has other fields, without a word of what came", async () => {
    await refused(await call("PUT", "/v1/secrets/A", '{"value":"x","value":"y"}'), 400, "value", "twice");
    await refused(await call("PUT", "/v1/secrets/A", VALUE), 400, null, "the body is not JSON");
    const asText = JSON.stringify(VALUE);
    await refused(await call("PUT", "/v1/secrets/A", asText), 422, null, 'must be an object, {"value": "…"}');
    expect(await (await put("A", 12345678)).text()).not.toContain("12345678");
    await refused(await call("PUT", "/v1/secrets/A", { [VALUE.slice(0, 4)]: 1 }), 422, "value", "is missing");
    await refused(
      await call("PUT", "/v1/secrets/A", { value: "x", more: VALUE }),
      422,
      "more",
      "unknown field",
    );
    expect(await rows("secrets")).toBe(0);
  });

  it("is stored so that nobody can read it there", async () => {
    await put("TOKEN", VALUE);
    const { results } = await env.DB.prepare("SELECT hex(ciphertext) AS c, * FROM secrets").all<{
      c: string;
    }>();
    const row = JSON.stringify(results);
    expect(row).not.toContain(VALUE);
    expect(row).not.toContain(btoa(VALUE));
    expect(results[0]?.c).not.toContain(Buffer.from(VALUE).toString("hex").toUpperCase());
  });
});

it("other methods than these are answered 405", async () => {
  const response = await call("POST", "/v1/secrets/A");
  expect([response.status, response.headers.get("allow")]).toEqual([405, "DELETE, GET, HEAD, PUT"]);
});

describe("a run that is given secrets", () => {
  it("names them, and no answer has their values", async () => {
    await put("TOKEN", VALUE);
    const response = await submit({ API_TOKEN: "TOKEN" });
    expect(response.status).toBe(202);
    const run = await response.json<RunBody>();
    expect(run.secrets).toEqual({ API_TOKEN: "TOKEN" });
    const shown = await (await call("GET", `/v1/runs/${run.id}`)).text();
    const events = await (await call("GET", `/v1/runs/${run.id}/events`)).text();
    expect(shown + events).not.toContain(VALUE);
    const again = await call("POST", `/v1/runs/${run.id}/rerun`, { secrets: { OTHER: "TOKEN" } });
    expect(await again.json()).toMatchObject({ secrets: { API_TOKEN: "TOKEN", OTHER: "TOKEN" } });
  });

  it("is found again by its Idempotency-Key when a secret of it is gone, and no other is", async () => {
    await put("TOKEN", VALUE);
    const send = (secrets: object, key: string, more: object = {}) =>
      call(
        "POST",
        "/v1/runs",
        { ...more, image: "x", secrets, command: ["true"] },
        { "idempotency-key": key },
      );
    const first = await (await send({ A: "TOKEN" }, "gone")).json<RunBody>();
    await call("DELETE", "/v1/secrets/TOKEN");
    const before = await rows("runs");
    // The same bytes, and another text that means the same.
    for (const more of [{}, { tags: {} }]) {
      const again = await send({ A: "TOKEN" }, "gone", more);
      expect([again.status, (await again.json<RunBody>()).id]).toEqual([200, first.id]);
    }
    await refused(await send({ B: "TOKEN" }, "gone"), 422, "secrets.B", "there is no secret TOKEN");
    await refused(await send({ A: "TOKEN" }, "new"), 422, "secrets.A", "there is no secret TOKEN");
    expect(await rows("runs")).toBe(before);
  });

  it("is run again once by a key, also where a secret of it went meanwhile", async () => {
    await put("TOKEN", VALUE);
    const origin = await (await submit({ A: "TOKEN" })).json<RunBody>();
    const again = (key: string) =>
      call("POST", `/v1/runs/${origin.id}/rerun`, undefined, { "idempotency-key": key });
    const first = await (await again("rerun")).json<RunBody>();
    await call("DELETE", "/v1/secrets/TOKEN");
    const second = await again("rerun");
    expect([second.status, (await second.json<RunBody>()).id]).toEqual([200, first.id]);
    await refused(await again("another"), 422, "secrets.A", "there is no secret TOKEN");
  });

  const NAMES = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`A${index}`, "TOKEN"]));
  it.each<[unknown, object, string, string]>([
    [{ A: "NO_SUCH" }, {}, "secrets.A", "there is no secret NO_SUCH"],
    [{ A: "" }, {}, "secrets.A", "the name of a secret"],
    [{ A: 1 }, {}, "secrets.A", "must be text, not 1"],
    [{ A: "a secret" }, {}, "secrets.A", "the name of a secret"],
    [["TOKEN"], {}, "secrets", "must be an object, not a list"],
    ["TOKEN", {}, "secrets", 'must be an object, not "TOKEN"'],
    [{ "1A": "TOKEN" }, {}, "secrets.1A", "starting with a letter"],
    [{ _A: "TOKEN" }, {}, "secrets._A", "starting with a letter"],
    [{ PATH: "TOKEN" }, {}, "secrets.PATH", "can not be one of PATH"],
    [{ MAYFLY_RUN_ID: "TOKEN" }, {}, "secrets.MAYFLY_RUN_ID", "Mayfly's own"],
    [{ A: "TOKEN" }, { env: { A: "x" } }, "secrets.A", "is a name in env, too"],
    [{ A: "TOKEN" }, { capture: "none" }, "secrets", 'needs capture "output"'],
    [NAMES, {}, "secrets", "at most 32"],
    [{ A: "BIG", B: "BIG" }, {}, "secrets", "at most 65536 bytes together"],
  ])("%j is refused where it can not be, with nothing stored", async (secrets, more, path, says) => {
    await put("TOKEN", VALUE);
    await put("BIG", "x".repeat(40_000));
    const before = await rows("runs");
    await refused(await submit(secrets, more), 422, path, says);
    expect(await rows("runs")).toBe(before);
  });
});

import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ErrorBody, RunBody } from "../../src/api/run-schema.ts";

async function submit(
  key: string,
  text: string,
): Promise<{ status: number; id: string | undefined; code: string | undefined }> {
  const request = new Request("https://mayfly.test/v1/runs", {
    method: "POST",
    body: text,
    headers: { authorization: "Bearer test-token", "idempotency-key": key },
  });
  const response = await exports.default.fetch(request);
  const body = await response.json<RunBody & ErrorBody>();
  return { status: response.status, id: body.id, code: body.error?.code };
}

const FIRST =
  '{"image": "x", "command": ["true"], "env": {"A": "1", "B": "2"}, "files": [{"path": "/a", "content": "hi"}]}';

/** As if the key's run had been ordered by a body that was good then. */
async function orderedBy(key: string, body: string): Promise<void> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body)));
  const hash = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  await env.DB.prepare("UPDATE idempotency_keys SET body_hash = ? WHERE key = ?").bind(hash, key).run();
}

describe("an Idempotency-Key", () => {
  it.each([
    ["the same bytes", FIRST],
    [
      "the fields in another order",
      '{"files": [{"content": "hi", "path": "/a"}], "env": {"B": "2", "A": "1"}, "command": ["true"], "image": "x"}',
    ],
    ["other white space", FIRST.replaceAll(" ", "\n  ")],
    [
      "defaults spelt out",
      FIRST.replace("{", '{"capture": "output", "tags": {}, "timeouts": {"run": "900s"}, '),
    ],
    ["a file's bytes as base64", FIRST.replace('"content": "hi"', '"base64": "aGk="')],
  ])("with %s answers the run that it made", async (name, again) => {
    const first = await submit(name, FIRST);
    expect(first.status).toBe(202);
    expect(await submit(name, again)).toEqual({ status: 200, id: first.id, code: undefined });
  });

  it.each([
    ["another command", FIRST.replace("true", "false")],
    ["another value of env", FIRST.replace('"B": "2"', '"B": "3"')],
    ["one field more", FIRST.replace("{", '{"name": "nightly", ')],
  ])("with %s is refused", async (name, other) => {
    await submit(name, FIRST);
    expect(await submit(name, other)).toEqual({ status: 409, id: undefined, code: "idempotency_conflict" });
  });

  it("answers the run that it made for the same bytes, though they would not be accepted any more", async () => {
    const first = await submit("stricter", FIRST);
    const body = FIRST.replace('"image": "x"', '"image": "no image!"');
    await orderedBy("stricter", body);
    expect(await submit("stricter", body)).toEqual({ status: 200, id: first.id, code: undefined });
    expect(await submit("stricter", body.replace("hi", "ho"))).toMatchObject({
      status: 422,
      code: "invalid_input",
    });
  });

  it("answers its run also for a body in which a name stands twice, as was accepted once", async () => {
    const first = await submit("twice", FIRST);
    const body = FIRST.replace("{", '{"name": "a", "name": "b", ');
    await orderedBy("twice", body);
    expect(await submit("twice", body)).toEqual({ status: 200, id: first.id, code: undefined });
    expect(await submit("twice", body.replace("hi", "ho"))).toMatchObject({
      status: 400,
      code: "invalid_json",
    });
  });

  it("with the words of a list in another order is refused", async () => {
    await submit("order", FIRST.replace('["true"]', '["echo", "a", "b"]'));
    const other = await submit("order", FIRST.replace('["true"]', '["echo", "b", "a"]'));
    expect(other.code).toBe("idempotency_conflict");
  });
});

import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ErrorBody } from "../../src/api/run-schema.ts";

const auth = { authorization: "Bearer test-token" };

function call(path: string, init: RequestInit = {}): Promise<Response> {
  return exports.default.fetch(
    new Request(`https://mayfly.test${path}`, { ...init, headers: { ...auth, ...(init.headers as object) } }),
  );
}

const submit = (body: BodyInit, headers: Record<string, string> = {}) =>
  call("/v1/runs", { method: "POST", body, headers });

async function nothingStored(): Promise<void> {
  for (const table of ["runs", "run_events", "attempts", "idempotency_keys", "run_tags"]) {
    const row = await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>();
    expect(row?.n, table).toBe(0);
  }
}

const valid = { image: "debian:12", command: ["true"] };
const long = (count: number) => "x".repeat(count);

/** What is sent, the field that is named, and what its sentence says. */
const BAD_SPECS: [name: string, spec: unknown, path: string | null, says: string][] = [
  ["an array", [], null, "object"],
  ["null", null, null, "object"],
  ["no image", { command: ["true"] }, "image", "string"],
  ["an image that is no reference", { ...valid, image: "no such image!" }, "image", "image reference"],
  ["an unknown field", { ...valid, comand: ["x"] }, "comand", "unknown field"],
  ["an unknown field inside", { ...valid, machine: { ram: 5 } }, "machine.ram", "unknown field"],
  ["neither command nor script", { image: "x" }, "command", "needs a command or a script"],
  ["both command and script", { ...valid, script: "true" }, "script", "not both"],
  ["an empty command", { ...valid, command: [] }, "command", "at least the program"],
  ["an empty program", { ...valid, command: [""] }, "command", "can not be empty"],
  ["a command that is text", { ...valid, command: "echo hi" }, "command", "array"],
  ["a NUL in an argument", { ...valid, command: ["a", "b\0c"] }, "command.1", "NUL"],
  ["an empty script", { image: "x", script: "  " }, "script", "can not be empty"],
  ["a NUL in an env value", { ...valid, env: { A: "x\0y" } }, "env.A", "NUL"],
  ["an env name with a dash", { ...valid, env: { "A-B": "1" } }, "env.A-B", "letters, digits and _"],
  ["an env name with a digit first", { ...valid, env: { "1A": "1" } }, "env.1A", "letters, digits and _"],
  ["an empty env name", { ...valid, env: { "": "1" } }, "env.", "letters, digits and _"],
  ["an env value that is a number", { ...valid, env: { A: 1 } }, "env.A", "string"],
  [
    "a relative file path",
    { ...valid, files: [{ path: "a/b", content: "" }] },
    "files.0.path",
    "absolute path",
  ],
  [
    "a file path that climbs",
    { ...valid, files: [{ path: "/a/../etc/passwd", content: "" }] },
    "files.0.path",
    '".."',
  ],
  ["bad base64", { ...valid, files: [{ path: "/a", base64: "a?b" }] }, "files.0.base64", "base64"],
  ["base64 without padding", { ...valid, files: [{ path: "/a", base64: "YQ" }] }, "files.0.base64", "base64"],
  ["a file with nothing in it", { ...valid, files: [{ path: "/a" }] }, "files.0", "exactly one"],
  [
    "a file with two contents",
    { ...valid, files: [{ path: "/a", content: "a", base64: "YQ==" }] },
    "files.0",
    "exactly one",
  ],
  [
    "a file twice",
    {
      ...valid,
      files: [
        { path: "/a", content: "a" },
        { path: "/a", content: "b" },
      ],
    },
    "files.1.path",
    "twice",
  ],
  [
    "a mode that is not octal",
    { ...valid, files: [{ path: "/a", content: "", mode: "rwx" }] },
    "files.0.mode",
    "octal",
  ],
  [
    "files that are too large",
    { ...valid, files: [{ path: "/a", content: long(600_000) }] },
    "files",
    "524288 bytes",
  ],
  ["an unknown size", { ...valid, machine: { size: "huge" } }, "machine.size", "shared-cpu-1x"],
  ["size and cpus", { ...valid, machine: { size: "shared-cpu-1x", cpus: 2 } }, "machine.size", "not both"],
  ["impossible cpus", { ...valid, machine: { cpus: 3 } }, "machine.cpus", "possible are 1, 2, 4, 6, 8"],
  [
    "impossible memory",
    { ...valid, machine: { cpus: 1, memory_mb: 4096 } },
    "machine.memory_mb",
    "possible are 256 to 2048",
  ],
  [
    "memory between steps",
    { ...valid, machine: { cpus: 1, memory_mb: 300 } },
    "machine.memory_mb",
    "steps of 256",
  ],
  ["a timeout without a unit", { ...valid, timeouts: { run: "90" } }, "timeouts.run", "90s"],
  ["a timeout that is a number", { ...valid, timeouts: { run: 90 } }, "timeouts.run", "string"],
  ["a run timeout over its bound", { ...valid, timeouts: { run: "25h" } }, "timeouts.run", "to 24h"],
  ["a stop timeout over its bound", { ...valid, timeouts: { stop: "6m" } }, "timeouts.stop", "to 5m"],
  ["a timeout of nothing", { ...valid, timeouts: { run: "0s" } }, "timeouts.run", "from 1s"],
  ["a region that is none", { ...valid, regions: ["Amsterdam!"] }, "regions.0", "Fly region"],
  ["an unknown capture", { ...valid, capture: "some" }, "capture", "output"],
  ["a script without capture", { image: "x", script: "true", capture: "none" }, "script", "capture"],
  ["a tag key with a space", { ...valid, tags: { "a b": "1" } }, "tags.a b", "letters, digits"],
  [
    "too many tags",
    { ...valid, tags: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`t${i}`, ""])) },
    "tags",
    "at most 16",
  ],
];

describe("bad input gets a 4xx that names the field and leaves nothing behind", () => {
  it.each(BAD_SPECS)("%s", async (_name, spec, path, says) => {
    const response = await submit(JSON.stringify(spec), { "idempotency-key": "bad" });
    const { error } = await response.json<ErrorBody>();
    expect(response.status).toBe(422);
    expect(error).toMatchObject({ code: "invalid_input", path });
    expect(error.message).toContain(says);
    expect(error.request_id).toBeTruthy();
    await nothingStored();
  });

  it("a body that is no JSON", async () => {
    for (const body of ["", "{", "image=x", '{"image": "x",}', new Uint8Array([0xff, 0xfe, 0x7b])]) {
      const response = await submit(body);
      expect(response.status).toBe(400);
      expect((await response.json<ErrorBody>()).error).toMatchObject({ code: "invalid_json", path: null });
    }
    await nothingStored();
  });

  it("a body over the bound", async () => {
    const response = await submit(JSON.stringify({ ...valid, script: long(2_000_000) }));
    expect(response.status).toBe(413);
    expect((await response.json<ErrorBody>()).error.message).toContain("1048576");
    await nothingStored();
  });

  it("a body over the bound that does not say its length", async () => {
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode(long(65_536)));
      },
    });
    const response = await submit(body);
    expect(response.status).toBe(413);
    await nothingStored();
  });

  it.each([
    ["wait=61", "from 0 to 60"],
    ["wait=soon", "whole seconds"],
    ["respond-async, wait=-1", "whole seconds"],
  ])("Prefer: %s", async (prefer, says) => {
    const response = await submit(JSON.stringify(valid), { prefer });
    expect(response.status).toBe(422);
    expect((await response.json<ErrorBody>()).error).toMatchObject({
      path: "header.prefer",
      message: expect.stringContaining(says),
    });
    await nothingStored();
  });

  it("an idempotency key that is too long", async () => {
    const response = await submit(JSON.stringify(valid), { "idempotency-key": long(256) });
    expect((await response.json<ErrorBody>()).error.path).toBe("header.idempotency-key");
    await nothingStored();
  });
});

describe("bad queries", () => {
  it.each([
    ["cursor=nonsense", "query.cursor"],
    ["cursor=run_", "query.cursor"],
    ["limit=0", "query.limit"],
    ["limit=201", "query.limit"],
    ["limit=1e2", "query.limit"],
    ["status=done", "query.status"],
    ["tag=team", "query.tag"],
    ["since=yesterday", "query.since"],
  ])("GET /v1/runs?%s", async (query, path) => {
    const response = await call(`/v1/runs?${query}`);
    expect(response.status).toBe(422);
    expect((await response.json<ErrorBody>()).error).toMatchObject({ code: "invalid_input", path });
  });
});

describe("bad ways to read output", () => {
  const output = "/v1/runs/run_01jd0k3v7c9q2m8w5x4y6z7a8b/output";
  it.each<[string, string, Record<string, string>, string, string]>([
    [
      "resuming raw bytes",
      "?stream=stdout",
      { "last-event-id": "1.2" },
      "header.last-event-id",
      "stream out",
    ],
    ["following one stream", "?stream=stdout&follow=true", {}, "query.stream", "leave stream out"],
    ["one stream as events", "?stream=stderr", { accept: "text/event-stream" }, "query.stream", "stream out"],
    ["a position that is none", "", { "last-event-id": "last" }, "header.last-event-id", '"1.42"'],
    ["an unknown stream", "?stream=stdin", {}, "query.stream", "stdout"],
  ])("%s", async (_name, query, headers, path, says) => {
    const response = await call(`${output}${query}`, { headers });
    expect(response.status).toBe(422);
    const { error } = await response.json<ErrorBody>();
    expect(error).toMatchObject({ code: "invalid_input", path });
    expect(error.message).toContain(says);
  });
});

describe("what does not exist", () => {
  const unknown = "run_01jd0k3v7c9q2m8w5x4y6z7a8b";
  it.each([
    ["GET", `/v1/runs/${unknown}`],
    ["GET", `/v1/runs/${unknown}/events`],
    ["GET", `/v1/runs/${unknown}/output`],
    ["GET", `/v1/runs/${unknown}/output?follow=true`],
    ["POST", `/v1/runs/${unknown}/cancel`],
    ["GET", "/v1/runs/%00"],
    ["GET", "/v1/runs/..%2f..%2fetc"],
    ["GET", "/v1/nothing"],
  ])("%s %s is answered 404 in the API's shape", async (method, path) => {
    const response = await call(path, { method });
    expect(response.status).toBe(404);
    expect((await response.json<ErrorBody>()).error.code).toBe("not_found");
  });
});

describe("a method that a path does not have", () => {
  it.each([
    ["PATCH", "/v1/runs", "GET, HEAD, POST"],
    ["DELETE", "/v1/runs/run_01jd0k3v7c9q2m8w5x4y6z7a8b", "GET, HEAD"],
    ["GET", "/v1/runs/run_01jd0k3v7c9q2m8w5x4y6z7a8b/cancel", "POST"],
    ["PUT", "/v1/runs/run_01jd0k3v7c9q2m8w5x4y6z7a8b/output", "GET, HEAD"],
    ["GET", "/v1/sign-in-links", "POST"],
    ["POST", "/healthz", "GET, HEAD"],
    ["OPTIONS", "/openapi.json", "GET, HEAD"],
  ])("%s %s is answered 405 with what is possible", async (method, path, allow) => {
    const response = await call(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allow);
    const { error } = await response.json<ErrorBody>();
    expect(error).toMatchObject({ code: "method_not_allowed", path: null });
    expect(error.message).toContain(allow);
  });

  it("is not told to whoever has no token", async () => {
    const response = await exports.default.fetch(
      new Request("https://mayfly.test/v1/runs", { method: "PATCH" }),
    );
    expect(response.status).toBe(401);
  });

  it("leaves HEAD answered like GET", async () => {
    expect((await call("/v1/runs", { method: "HEAD" })).status).toBe(200);
  });
});

describe("a token", () => {
  it.each([
    ["none", {}],
    ["a wrong one", { authorization: "Bearer nope" }],
    ["another scheme", { authorization: "Basic dGVzdC10b2tlbg==" }],
    ["nothing after the scheme", { authorization: "Bearer " }],
    ["more than the token", { authorization: "Bearer test-token2" }],
  ])("that is %s is answered 401", async (_name, headers) => {
    for (const path of ["/v1/runs", "/v1/runs/run_01jd0k3v7c9q2m8w5x4y6z7a8b", "/v1/nothing"]) {
      const response = await exports.default.fetch(
        new Request(`https://mayfly.test${path}`, { headers: headers as Record<string, string> }),
      );
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain("Bearer");
      expect((await response.json<ErrorBody>()).error.code).toBe("unauthorized");
    }
  });

  it("is not needed for health and the OpenAPI document", async () => {
    for (const path of ["/healthz", "/openapi.json"]) {
      const response = await exports.default.fetch(new Request(`https://mayfly.test${path}`));
      expect(response.status).toBe(200);
    }
  });
});

describe("the OpenAPI document", () => {
  it("describes a run spec by what validates it", async () => {
    const document = await (await call("/openapi.json")).json<{
      components: { schemas: Record<string, { properties: object }> };
    }>();
    expect(Object.keys(document.components.schemas.RunSpec?.properties ?? {})).toContain("timeouts");
  });
});

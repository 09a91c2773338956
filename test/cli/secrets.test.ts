import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Io } from "../../src/cli/io.ts";
import { fakeIo } from "./support/fake-io.ts";
import { mayfly } from "./support/run-cli.ts";
import { json, problem, type StubMayfly, stubMayfly } from "./support/stub-mayfly.ts";

let stub: StubMayfly;
beforeEach(async () => {
  stub = await stubMayfly();
});
afterEach(() => stub.close());

const AT = "2026-11-21T10:00:00.000Z";
const aSecret = (changes: object = {}) => ({
  name: "TOKEN",
  version: 1,
  redacted: true,
  created_at: AT,
  updated_at: AT,
  ...changes,
});
const sent = () => JSON.parse(stub.seen.at(-1)?.body ?? "null");
const set = (args: string[], io = fakeIo()) => mayfly(["secrets", "set", "TOKEN", ...args], stub, io);

describe("secrets set", () => {
  beforeEach(() => stub.on("PUT /v1/secrets/TOKEN", json(aSecret(), 201)));

  test.each([
    ["a value\n", "a value"],
    ["a value\r\n", "a value"],
    ["two\nlines\n\n", "two\nlines\n"],
    ["none", "none"],
  ])("takes %j from stdin", async (stdin, value) => {
    const { exitCode, stdout, stderr } = await set([], fakeIo({ stdin }));
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: "TOKEN version 1\n", stderr: "" });
    expect(sent()).toEqual({ value });
  });

  test("takes a variable of here", async () => {
    await set(["--from-env"], fakeIo({ env: { TOKEN: "of that name" } }));
    expect(sent()).toEqual({ value: "of that name" });
    await set(["--from-env", "OTHER"], fakeIo({ env: { OTHER: "of another" } }));
    expect(sent()).toEqual({ value: "of another" });
    const { exitCode, stderr } = await set(["--from-env"]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("--from-env TOKEN: it is not set here")]);
  });

  test("takes a file as it is, and no bytes that are not text", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mayfly-secret-"));
    try {
      writeFileSync(join(folder, "key"), "-----\nkey\n");
      writeFileSync(join(folder, "bytes"), Uint8Array.of(255, 0));
      await set(["--file", "key"], fakeIo({ cwd: folder }));
      expect(sent()).toEqual({ value: "-----\nkey\n" });
      for (const [file, says] of [
        ["bytes", "it is not UTF-8 text"],
        ["none", "there is no such file"],
      ]) {
        const { exitCode, stderr } = await set(["--file", file ?? ""], fakeIo({ cwd: folder }));
        expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`--file ${file}: ${says}`)]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    ["typed\b\bed\u007fed\r", 0, { value: "typeed" }],
    ["typed\u0003", 130, null],
  ])("asks at a terminal without showing %j", async (keys, code, body) => {
    const modes: boolean[] = [];
    const stdin = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (isRaw: boolean) => modes.push(isRaw),
    });
    stdin.write(keys);
    const io = Object.assign(fakeIo(), { stdin: stdin as unknown as Io["stdin"] });
    const { exitCode, stdout, stderr } = await set([], io);
    expect([exitCode, stub.seen.length === 0 ? null : sent()]).toEqual([code, body]);
    expect(stderr).toContain("TOKEN: \n");
    expect(stdout + stderr).not.toContain("type");
    expect(modes).toEqual([true, false]);
  });

  test("says where a secret is too short to be masked, and what of it is not accepted", async () => {
    stub.on("PUT /v1/secrets/TOKEN", json(aSecret({ redacted: false })));
    expect((await set([], fakeIo({ stdin: "x" }))).stderr).toContain("it is not masked in the output");
    stub.on("PUT /v1/secrets/TOKEN", problem(422, "invalid_input", "can not be empty", "value"));
    const { exitCode, stderr } = await set([]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("the secret's value: can not be empty")]);
  });

  test("takes no value as an argument", async () => {
    const { exitCode } = await set(["the-value"]);
    expect([exitCode, stub.seen.length]).toEqual([2, 0]);
  });
});

test("secrets list shows what there is", async () => {
  stub.on("GET /v1/secrets", json({ secrets: [aSecret(), aSecret({ name: "PIN", redacted: false })] }));
  const io = fakeIo({ now: () => Date.parse(AT) + 180_000 });
  const { stdout, exitCode } = await mayfly(["secrets", "list"], stub, io);
  expect(exitCode).toBe(0);
  expect(stdout).toBe(
    "NAME   VERSION  SET     IN OUTPUT\nTOKEN  1        3m ago  masked\nPIN    1        3m ago  too short to be masked\n",
  );
  const asJson = await mayfly(["secrets", "list", "--json"], stub);
  expect(JSON.parse(asJson.stdout).secrets).toHaveLength(2);
});

test("secrets remove removes it, or says that there is none", async () => {
  stub.on(
    "DELETE /v1/secrets/TOKEN",
    (response) => void response.writeHead(204).end(),
    problem(404, "not_found", "there is no secret TOKEN", "path.name"),
  );
  expect(await mayfly(["secrets", "remove", "TOKEN"], stub)).toMatchObject({
    exitCode: 0,
    stdout: "TOKEN is removed\n",
  });
  const { exitCode, stderr } = await mayfly(["secrets", "remove", "TOKEN"], stub);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("there is no secret TOKEN")]);
});

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connectionOf } from "../../src/cli/connection.ts";

const local = { url: "http://127.0.0.1:8787", token: "kept", machines_url: "http://127.0.0.1:4280" };

function folders(): { root: string; deep: string; empty: string } {
  const root = mkdtempSync(join(tmpdir(), "mayfly-connection-"));
  const deep = join(root, "a", "b");
  mkdirSync(deep, { recursive: true });
  mkdirSync(join(root, ".mayfly"));
  writeFileSync(join(root, ".mayfly", "local.json"), JSON.stringify(local));
  return { root, deep, empty: mkdtempSync(join(tmpdir(), "mayfly-empty-")) };
}

const { root, deep, empty } = folders();

test("options come before the environment, and that before what a start wrote", () => {
  const env = { MAYFLY_URL: "http://env/", MAYFLY_TOKEN: "env" };
  expect(connectionOf({ url: "http://option", token: "option" }, { env, cwd: deep }, empty)).toEqual({
    url: "http://option",
    token: "option",
  });
  expect(connectionOf({}, { env, cwd: deep }, empty)).toEqual({ url: "http://env", token: "env" });
  expect(connectionOf({}, { env: {}, cwd: deep }, empty)).toEqual({ url: local.url, token: "kept" });
});

test("what a start wrote is found in this folder, above it, and in the checkout of the command", () => {
  for (const [cwd, checkout] of [
    [root, empty],
    [deep, empty],
    [empty, root],
  ] as const)
    expect(connectionOf({}, { env: {}, cwd }, checkout)).toEqual({ url: local.url, token: "kept" });
});

test("a kept token is never sent to another URL", () => {
  expect(() => connectionOf({ url: "http://elsewhere" }, { env: {}, cwd: deep }, empty)).toThrow(
    "no API token is known for http://elsewhere",
  );
  expect(connectionOf({ url: `${local.url}/` }, { env: {}, cwd: deep }, empty).token).toBe("kept");
});

test("where none is known it says how to get one", () => {
  expect(() => connectionOf({}, { env: {}, cwd: empty }, empty)).toThrow("no Mayfly is known here");
  expect(() => connectionOf({ url: "ftp://x" }, { env: {}, cwd: empty }, empty)).toThrow(
    "no URL of a Mayfly",
  );
});

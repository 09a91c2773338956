import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CliError } from "../../src/cli/cli-error.ts";
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

test("a folder that is named comes before the environment, and its token goes to its own URL alone", () => {
  const dir = join(root, ".mayfly");
  const env = { MAYFLY_URL: "http://env", MAYFLY_TOKEN: "env" };
  expect(connectionOf({ dir }, { env, cwd: empty }, empty)).toEqual({ url: local.url, token: "kept" });
  expect(connectionOf({ dir: ".mayfly" }, { env: {}, cwd: root }, empty).token).toBe("kept");
  expect(connectionOf({ dir, token: "option" }, { env, cwd: empty }, empty).token).toBe("option");
  expect(connectionOf({ dir, url: "http://other" }, { env, cwd: empty }, empty)).toEqual({
    url: "http://other",
    token: "env",
  });
  expect(() => connectionOf({ dir: empty }, { env, cwd: root }, root)).toThrow(
    `--dir ${empty}: there is no local.json of a Mayfly in it`,
  );
});

test.each([
  ["http://127.0.0.1:9", "--dir <folder> reads URL and token there"],
  ["http://localhost:9", "--dir <folder> reads URL and token there"],
  ["https://mayfly.example.com", "give --token or MAYFLY_TOKEN"],
])("MAYFLY_URL=%s without a token says how to give one", (url, hint) => {
  expect(() => connectionOf({}, { env: { MAYFLY_URL: url }, cwd: empty }, empty)).toThrow(
    expect.objectContaining({
      message: `no API token is known for ${url}`,
      hint: expect.stringContaining(hint),
    }),
  );
});

test("where none is known it says how to get one", () => {
  expect(() => connectionOf({}, { env: {}, cwd: empty }, empty)).toThrow("no Mayfly is known here");
  expect(() => connectionOf({ url: "ftp://x" }, { env: {}, cwd: empty }, empty)).toThrow(
    "no URL of a Mayfly",
  );
});

describe("a token that no request can carry is refused with what is wrong and where it stands", () => {
  const url = "http://127.0.0.1:1";
  test.each<[string, string]>([
    ["s3cret\n", "has a line break at its end"],
    ["s3cret\r", "has a line break at its end"],
    ["s3\ncret", "has a line break in it"],
    ["s3 cret", "has a space in it"],
    [" s3cret", "has a space at its beginning"],
    ["s3\tcret", "has a tab in it"],
    ["s3\u0000cret", "has a control character in it"],
    ["s3\u001bcret", "has a control character in it"],
    ["s3crét", "has a character in it that is not ASCII"],
    ["s3cret☃", "has a character at its end that is not ASCII"],
    ["\ufeffs3cret", "has a character at its beginning that is not ASCII"],
  ])("%j", (token, says) => {
    const complaint = (options: { url: string; token?: string }, env: Record<string, string> = {}) => {
      try {
        connectionOf(options, { env, cwd: empty }, empty);
      } catch (error) {
        return error as CliError;
      }
      throw new Error("the token was taken");
    };
    const [option, variable] = [complaint({ url, token }), complaint({ url }, { MAYFLY_TOKEN: token })];
    expect(option.message).toBe(`the token given by --token ${says}`);
    expect(variable.message).toBe(`the token in MAYFLY_TOKEN ${says}`);
    expect([option.exitCode, variable.exitCode]).toEqual([2, 2]);
    expect(`${option.message}${option.hint}`, "a token is not shown").not.toContain("s3");
  });

  test("an empty one, and one in a file", () => {
    expect(() => connectionOf({ url, token: "" }, { env: {}, cwd: empty }, empty)).toThrow(
      "the token given by --token is empty",
    );
    const odd = mkdtempSync(join(tmpdir(), "mayfly-odd-"));
    mkdirSync(join(odd, ".mayfly"));
    writeFileSync(join(odd, ".mayfly", "local.json"), JSON.stringify({ ...local, token: "a b" }));
    expect(() => connectionOf({}, { env: {}, cwd: odd }, empty)).toThrow(
      `the token in ${join(odd, ".mayfly", "local.json")} has a space in it`,
    );
  });
});

describe("a URL that can not be a Mayfly's is refused with what is wrong and where it stands", () => {
  test.each<[string, string, string | null]>([
    ["", "is empty", null],
    ["localhost:8787", '"localhost:8787" is no URL of a Mayfly', 'did you mean "http://localhost:8787"?'],
    ["127.0.0.1:8787", '"127.0.0.1:8787" is no URL of a Mayfly', 'did you mean "http://127.0.0.1:8787"?'],
    ["mayfly.example.com", "no URL of a Mayfly", 'did you mean "https://mayfly.example.com"?'],
    ["ftp://x", '"ftp://x" is no URL of a Mayfly', "http://127.0.0.1:8787"],
    ["http://", "no URL of a Mayfly", "http://127.0.0.1:8787"],
    ["http://x:99999", "no URL of a Mayfly", "http://127.0.0.1:8787"],
    ["http://x\n", '"http://x\\n" has a line break at its end', null],
    ["http://x/a b", "has a space in it", null],
    ["http://x\u001b[2J", "has a control character in it", null],
    ["http://me:pw@x", "holds a user name or password", "--token"],
    ["http://x/?a=1", '"http://x/?a=1" is more than the URL of a Mayfly', '"http://x"'],
    ["http://x/a#b", "is more than the URL of a Mayfly", '"http://x/a"'],
  ])("%j", (text, says, hint) => {
    for (const [options, env, from] of [
      [{ url: text }, {}, "--url"],
      ...(text === "" ? [] : [[{}, { MAYFLY_URL: text }, "MAYFLY_URL"] as const]),
    ] as const) {
      let error: CliError | null = null;
      try {
        connectionOf({ token: "t", ...options }, { env, cwd: empty }, empty);
      } catch (thrown) {
        error = thrown as CliError;
      }
      expect(error?.exitCode).toBe(2);
      expect(error?.message).toContain(`${from}: `);
      expect(error?.message).toContain(says);
      if (hint !== null) expect(error?.hint).toContain(hint);
    }
  });

  test("one with a path is one", () => {
    const { url } = connectionOf(
      { url: "https://x.example/mayfly/", token: "t" },
      { env: {}, cwd: empty },
      empty,
    );
    expect(url).toBe("https://x.example/mayfly");
  });
});

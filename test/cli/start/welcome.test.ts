import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { welcome } from "../../../src/cli/commands/start/welcome.ts";

const local = { url: "http://127.0.0.1:8787", token: "the token", machines_url: "http://127.0.0.1:4280" };
const common = { local, signInUrl: null };

test("the usual start's commands are short", () => {
  const text = welcome({
    ...common,
    localFile: "/home/me/mayfly/.mayfly/local.json",
    isElsewhere: false,
    cwd: "/home/me/mayfly",
  });
  expect(text).toContain("API token:    in .mayfly/local.json\n");
  expect(text).toContain("    npx mayfly run --image");
  expect(text).toContain("    npx mayfly runs list\n");
});

test.each([
  ["/srv/other", "npx mayfly --dir /srv/other runs list\n"],
  ["/home/me/mayfly/other", "npx mayfly --dir other runs list\n"],
  ["/srv/it's here", "npx mayfly --dir '/srv/it'\\''s here' runs list\n"],
])("those of a start in %s say so", (dir, command) => {
  const text = welcome({
    ...common,
    localFile: `${dir}/local.json`,
    isElsewhere: true,
    cwd: "/home/me/mayfly",
  });
  expect(text).toContain(command);
});

test("a shell reads the token out of a folder of any name", () => {
  const dir = mkdtempSync(join(tmpdir(), `it's a "folder" `));
  const localFile = join(dir, "local.json");
  writeFileSync(localFile, JSON.stringify(local));
  const curl = /curl -H (.*) http/.exec(welcome({ ...common, localFile, isElsewhere: true, cwd: "/" }))?.[1];
  expect(execFileSync("sh", ["-c", `printf %s ${curl}`], { encoding: "utf8" })).toBe(
    "Authorization: Bearer the token",
  );
});

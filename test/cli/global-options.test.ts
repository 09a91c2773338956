import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mayfly } from "./support/run-cli.ts";
import { aRun, json, problem, RUN_ID, type StubMayfly, stubMayfly } from "./support/stub-mayfly.ts";

let stub: StubMayfly;
beforeEach(async () => {
  stub = await stubMayfly();
  stub.on("GET /v1/runs", json({ runs: [], next_cursor: null }));
  stub.on("POST /v1/runs", json(aRun(), 202));
});
afterEach(() => stub.close());

/** A folder as a start leaves it. */
function startedIn(): string {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-dir-"));
  writeFileSync(
    join(dir, "local.json"),
    JSON.stringify({ url: stub.url, token: "kept", machines_url: "http://x" }),
  );
  return dir;
}

test.each([
  ["in front of the command", (c: string[]) => [...c, "runs", "list"]],
  ["within the command", (c: string[]) => ["runs", ...c, "list"]],
  ["after the command", (c: string[]) => ["runs", "list", ...c]],
  ["in front of run", (c: string[]) => [...c, "run", "--image", "debian:12", "--detach", "--", "x"]],
  ["after run", (c: string[]) => ["run", ...c, "--image", "debian:12", "--detach", "--", "x"]],
])("--url and --token, or --dir in place of both, are taken %s", async (_, line) => {
  expect((await mayfly(line(["--url", stub.url, "--token", "mine"]))).exitCode).toBe(0);
  expect((await mayfly(line(["--dir", startedIn()]))).exitCode).toBe(0);
  expect(stub.seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer mine", "Bearer kept"]);
});

test("those after the command come before those in front of it", async () => {
  const { exitCode } = await mayfly([
    "--url",
    "http://127.0.0.1:1",
    "--token",
    "a",
    "runs",
    "list",
    "--url",
    stub.url,
  ]);
  expect(exitCode).toBe(0);
  expect(stub.seen[0]?.headers.authorization).toBe("Bearer a");
});

test("a command that a message names reaches the Mayfly that was asked, and shows no token", async () => {
  stub.on("GET /v1/runs/nope", problem(404, "not_found", "there is no run nope", "path.id"));
  const dir = startedIn();
  expect((await mayfly(["--dir", dir, "runs", "show", "nope"])).stderr).toContain(
    `\`mayfly --dir ${dir} runs list\` shows the latest`,
  );
  expect((await mayfly(["runs", "show", "nope", "--url", stub.url, "--token", "s3cret"])).stderr).toContain(
    `\`mayfly --url ${stub.url} --token … runs list\` shows the latest`,
  );
});

test("words of the command that is run are none of ours", async () => {
  await mayfly(["run", "--image", "a", "--detach", "--", "x", "--url", "http://y", "--dir", RUN_ID], stub);
  expect(JSON.parse(stub.seen[0]?.body ?? "").command).toEqual(["x", "--url", "http://y", "--dir", RUN_ID]);
});

test("validate, which asks no Mayfly, lets --dir in front of it stand", async () => {
  const { stdout } = await mayfly(["--dir", startedIn(), "validate", "no-such-file.yaml", "--help"]);
  expect(stdout).toContain("mayfly validate");
  const { stderr } = await mayfly(["--dir", startedIn(), "validate", "no-such-file.yaml"]);
  expect(stderr).toContain("no-such-file.yaml");
});

test.each([
  [["--url", "http://x", "start"], "--url is of no use to mayfly start"],
  [["--token", "x", "machines"], "--token is of no use to mayfly machines"],
  [["--url", "http://127.0.0.1:1", "images", "list"], "--url is of no use to mayfly images"],
])("%j is refused", async (args, says) => {
  expect(await mayfly(args)).toMatchObject({ exitCode: 2, stderr: `mayfly: ${says}\n` });
});

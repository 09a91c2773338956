import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { descendantsOf } from "../../src/fly-local/processes/tree.ts";
import { type LocalStart, startLocally } from "../support/local-mayfly.ts";
import { commandLineOf } from "../support/process-tree.ts";

const ROOT = join(import.meta.dirname, "../..");

let mayfly: LocalStart;
beforeAll(async () => {
  mayfly = await startLocally();
});
afterAll(() => mayfly?.close());

it("the commands that a start in another folder prints reach it when they are pasted, whatever the environment names", () => {
  const printed = mayfly.program
    .log()
    .split("Three commands to try:\n")[1]
    ?.split("\n")
    .slice(0, 3)
    .map((line) => line.trim().replace(/^npx mayfly /, `'${process.execPath}' src/cli/mayfly.mjs `));
  const env = { ...process.env, MAYFLY_URL: "http://127.0.0.1:1", MAYFLY_TOKEN: "another's" };
  const [run, list, curl] = (printed ?? []).map((line) =>
    spawnSync("sh", ["-c", line], { cwd: ROOT, env, encoding: "utf8" }),
  );
  expect(run).toMatchObject({ status: 7, stdout: "out\n", stderr: "err\n" });
  expect(list?.stdout.split("\n")).toHaveLength(3);
  expect(JSON.parse(curl?.stdout ?? "").runs).toHaveLength(1);
});

it("nobody is shown what is stored without the token, by wrangler's own pages either", async () => {
  for (const path of ["/v1/runs", "/cdn-cgi/local/explorer", "/cdn-cgi/local/explorer/api/d1/database"]) {
    const response = await fetch(mayfly.local.url + path);
    expect([path, response.status >= 400]).toEqual([path, true]);
  }
});

it.skipIf(process.platform !== "linux")("the worker has no debugger, which would tell its secrets", () => {
  const programs = descendantsOf(mayfly.program.pid);
  const commands = programs.map((pid) => commandLineOf(pid).join(" "));
  expect(commands.filter((command) => command.includes("workerd"))).not.toEqual([]);
  expect(commands.filter((command) => command.includes("--inspector"))).toEqual([]);
});

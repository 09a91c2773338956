import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { isolationWords } from "../../../src/cli/commands/start/isolation-words.ts";
import { isolationOnceUp, untilHealthy } from "../../../src/cli/commands/start/ready.ts";
import { startMachinesServer } from "../../../src/fly-local/server.ts";
import { freePort } from "../../support/free-port.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server that answers as it is told, call by call; the last answer stays. */
async function answering(...answers: RequestListener[]): Promise<string> {
  const server = createServer((request, response) => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const said =
  (status: number, text: string, headers = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(status, headers).end(text);
const up = said(200, '{"ok":true}');
const never = new AbortController().signal;

test.each<[string, RequestListener]>([
  ["wrangler's answer while it puts in a new worker", said(503, "Your worker restarted mid-request.")],
  ["an error that is no JSON", said(500, "oops")],
  ["an error that is JSON", said(500, "{}")],
  ["an empty answer", said(503, "")],
  ["a connection that is cut", (request) => void request.socket.destroy()],
])("%s is no end of a start", async (_, answer) => {
  await untilHealthy(await answering(answer, answer, up), never);
});

test("a worker that says what is wrong with its settings ends the start with that", async () => {
  const url = await answering(said(503, '{"error":{"message":"MAYFLY_TOKEN is not set"}}'));
  await expect(untilHealthy(url, never)).rejects.toThrow("the worker can not work: MAYFLY_TOKEN is not set");
});

test("a Machines API that listens and is not up yet is waited for", async () => {
  const url = await answering(
    said(503, "starting\n"),
    said(404, "{}", {
      "mayfly-isolation": "sandbox",
      "mayfly-limits": "cgroup v2",
      "mayfly-rate-limits": "fly",
    }),
  );
  expect(await isolationOnceUp(url, never)).toEqual({
    level: "sandbox",
    limits: "cgroup v2",
    lack: null,
    rateLimits: true,
  });
});

test("the local one tells its isolation from the first moment that it is up", async () => {
  const port = await freePort();
  const asked = isolationOnceUp(`http://127.0.0.1:${port}`, never);
  const server = await startMachinesServer({
    port,
    stateDir: mkdtempSync(join(tmpdir(), "mayfly-ready-")),
    isolation: "process",
    images: "host",
  });
  closing.push(() => server.close());
  expect(await asked).toEqual({ level: "process", limits: "none", lack: null, rateLimits: false });
});

test("another Machines API says nothing of isolation, and one that is not there ends the wait", async () => {
  expect(await isolationOnceUp(await answering(said(404, "404 page not found")), never)).toBeNull();
  await expect(isolationOnceUp(`http://127.0.0.1:${await freePort()}`, never, 100)).rejects.toThrow(
    "did not answer within 0.1 s",
  );
});

test("where there can be no sandboxes, the start's line says why", async () => {
  // An init for this processor is what sandboxes need.
  const other = 'data:text/javascript,Object.defineProperty(process, "arch", { value: "riscv64" })';
  const main = new URL("../../../src/fly-local/main.ts", import.meta.url).pathname;
  const port = await freePort();
  const state = mkdtempSync(join(tmpdir(), "mayfly-ready-"));
  const flags = ["--port", String(port), "--images", "host", "--any-token", "--state", state];
  const child = spawn(process.execPath, ["--import", other, main, ...flags], { stdio: "ignore" });
  const exit = once(child, "exit");
  closing.push(async () => {
    child.kill();
    await exit;
  });
  const isolation = await isolationOnceUp(`http://127.0.0.1:${port}`, never);
  expect(isolationWords(isolation)).toBe(
    "machines: process, which isolates nothing; they share this computer's files; no limits on their size; no sandboxes here: there is no init for riscv64 processors",
  );
});

test("what is said of isolation can not move the cursor, and is complete without a reason", () => {
  const lack = "mount: \u001b[2JNein, verbotene Größe";
  expect(isolationWords({ level: "process", limits: null, lack, rateLimits: false })).toContain(
    "\\e[2JNein, verbotene Größe",
  );
  expect(isolationWords({ level: "sandbox", limits: "cgroup v2", lack: null, rateLimits: false })).toMatch(
    /by cgroup v2$/,
  );
  expect(isolationWords(null)).toBe("the local Machines API is up");
});

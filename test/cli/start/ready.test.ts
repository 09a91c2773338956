import { mkdtempSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
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
    said(404, "{}", { "mayfly-isolation": "sandbox", "mayfly-limits": "cgroup v2" }),
  );
  expect(await isolationOnceUp(url, never)).toEqual({ level: "sandbox", limits: "cgroup v2" });
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
  expect(await asked).toEqual({ level: "process", limits: "none" });
});

test("another Machines API says nothing of isolation, and one that is not there ends the wait", async () => {
  expect(await isolationOnceUp(await answering(said(404, "404 page not found")), never)).toBeNull();
  await expect(isolationOnceUp(`http://127.0.0.1:${await freePort()}`, never, 100)).rejects.toThrow(
    "did not answer within 0.1 s",
  );
});

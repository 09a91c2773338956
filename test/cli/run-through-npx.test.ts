import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { aRun, json, outputEvent, RUN_ID, type StubMayfly, stubMayfly } from "./support/stub-mayfly.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Presses of a person are further apart than what counts as one (`src/cli/interrupts.ts`). */
const BETWEEN_PRESSES_MS = 400;

let stub: StubMayfly;
let npx: ChildProcess | null = null;
beforeEach(async () => {
  stub = await stubMayfly();
  stub.on("POST /v1/runs", json(aRun(), 202));
  stub.on(`GET /v1/runs/${RUN_ID}`, json(aRun({ status: "running" })));
  stub.on(`POST /v1/runs/${RUN_ID}/cancel`, json(aRun({ status: "running" }), 202));
  stub.on(`GET /v1/runs/${RUN_ID}/output`, (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(outputEvent(1, "stdout", "up\n"));
  });
});
afterEach(async () => {
  if (npx?.pid !== undefined && npx.exitCode === null && npx.signalCode === null)
    process.kill(-npx.pid, "SIGKILL");
  await stub.close();
});

test("of two Ctrl-C at a terminal, which every process of the foreground gets, npm's as well, one asks and one leaves", async () => {
  // A process group of its own, signalled as a whole, is what a terminal's foreground job is.
  const child = spawn("npx", ["-c", "node src/cli/mayfly.mjs run --image debian:12 -- x"], {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, MAYFLY_URL: stub.url, MAYFLY_TOKEN: "t0ken", npm_config_update_notifier: "false" },
  });
  npx = child;
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (bytes) => {
    stdout += bytes;
  });
  child.stderr.on("data", (bytes) => {
    stderr += bytes;
  });
  const ended = new Promise<number>((resolve) =>
    child.once("close", (code, signal) =>
      resolve(code ?? 128 + (constants.signals[signal ?? "SIGHUP"] ?? 0)),
    ),
  );
  const press = () => process.kill(-(child.pid as number), "SIGINT");
  const cancels = () => stub.seen.filter(({ path }) => path.endsWith("/cancel")).length;

  await vi.waitUntil(() => stdout.includes("up\n"), 20_000);
  press();
  await vi.waitUntil(() => cancels() === 1, 10_000);
  expect(stderr).toContain(
    `asking ${RUN_ID} to cancel and waiting for its end; a second Ctrl-C ends the waiting`,
  );
  await pause(BETWEEN_PRESSES_MS);
  expect(stderr, "whatever npm does with it, it is one press").not.toContain("nobody waits");
  press();
  expect(await ended).toBe(130);
  expect(stderr).toContain(`${RUN_ID} is being cancelled, and nobody waits for it here`);
  expect(cancels()).toBe(1);
});

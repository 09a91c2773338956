import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  anEndedRun,
  aRun,
  endEvent,
  json,
  outputEvent,
  RUN_ID,
  type StubMayfly,
  stubMayfly,
} from "./support/stub-mayfly.ts";

const ROOT = join(import.meta.dirname, "../..");
const CANCELLED = anEndedRun({ status: "cancelled", reason: "cancelled_by_user", exit_code: null });

let stub: StubMayfly;
beforeEach(async () => {
  stub = await stubMayfly();
  let cancelled = false;
  stub.on("POST /v1/runs", json(aRun(), 202));
  stub.on(`GET /v1/runs/${RUN_ID}`, json(CANCELLED));
  stub.on(`POST /v1/runs/${RUN_ID}/cancel`, (response, seen) => {
    cancelled = true;
    return json(aRun({ status: "running" }), 202)(response, seen);
  });
  // A line at a time until it is cancelled, as yes(1) would.
  stub.on(`GET /v1/runs/${RUN_ID}/output`, (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    let seq = 0;
    const timer = setInterval(() => {
      seq += 1;
      if (!cancelled) return void response.write(outputEvent(seq, "stdout", `line ${seq}\n`));
      clearInterval(timer);
      response.end(endEvent(CANCELLED));
    }, 20);
  });
});
afterEach(() => stub.close());

/** What a shell's pipe of the real command says and ends with. */
function inShell(line: string): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const child = spawn("bash", ["-c", line], {
    cwd: ROOT,
    env: {
      ...process.env,
      MAYFLY: `${process.execPath} src/cli/mayfly.mjs`,
      MAYFLY_URL: stub.url,
      MAYFLY_TOKEN: "t",
    },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (bytes) => {
    stdout += bytes;
  });
  child.stderr.on("data", (bytes) => {
    stderr += bytes;
  });
  return new Promise((resolve) => child.once("close", (exitCode) => resolve({ exitCode, stdout, stderr })));
}

const cancels = () => stub.seen.filter(({ path }) => path.endsWith("/cancel")).length;

test("mayfly run … | head -1 ends the run, as the command itself would have ended in that pipe", async () => {
  const { exitCode, stdout, stderr } = await inShell(
    "set -o pipefail; $MAYFLY run --image debian:12 -- x | head -1",
  );
  expect({ exitCode, stdout, cancels: cancels() }).toEqual({ exitCode: 141, stdout: "line 1\n", cancels: 1 });
  expect(stderr).toContain(`its output is read no more: asking ${RUN_ID} to cancel`);
});

test("a hang-up ends the run and then the command, with 129", async () => {
  const { exitCode, stderr } = await inShell(
    "exec 3< <($MAYFLY run --image debian:12 -- x); pid=$!; read -r _ <&3; kill -HUP $pid; cat <&3 > /dev/null; wait $pid",
  );
  expect({ exitCode, cancels: cancels() }).toEqual({ exitCode: 129, cancels: 1 });
  expect(stderr).toContain("the run was cancelled");
});

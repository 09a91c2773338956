import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LocalStart, startLocally } from "../support/local-mayfly.ts";
import { descendantsRunning } from "../support/process-tree.ts";
import { eventually } from "../support/processes.ts";

let mayfly: LocalStart;
beforeAll(async () => {
  mayfly = await startLocally();
});
afterAll(() => mayfly?.close());

/** workerd alone: wrangler above it lives, and so does the Machines API with its machines. */
function killWorkerd(): void {
  const pids = descendantsRunning("workerd", mayfly.program.pid);
  expect(pids.length).toBeGreaterThan(0);
  for (const pid of pids) process.kill(pid, "SIGKILL");
}

it("npm start brings a worker back whose workerd was killed, and its run ends right on the same machine", async () => {
  const { client } = mayfly;
  const { id } = await client.submit(
    { image: "debian:12", command: ["sh", "-c", "echo before; sleep 15; echo after; exit 7"] },
    randomUUID(),
  );
  await eventually("the machine's start", async () => (await client.show(id)).status === "running");
  killWorkerd();
  await mayfly.says(
    /the worker does not answer on \S+; starting it again \(its log is \S+worker\.log\)/,
    20_000,
  );
  await mayfly.says("the worker is back; its runs go on");
  const run = await eventually(
    "the run's end",
    async () => {
      const known = await client.show(id);
      return known.settled_at !== null && known;
    },
    90_000,
  );
  expect(run).toMatchObject({
    status: "failed",
    reason: "exit_code",
    exit_code: 7,
    output: { stdout_bytes: "before\nafter\n".length, complete: true },
  });
  expect(run.attempts).toHaveLength(1);
});

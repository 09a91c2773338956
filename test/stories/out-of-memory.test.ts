import { afterAll, beforeAll, expect, it } from "vitest";
import { type Stack, startStack } from "../support/stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

/** Wants 1000 MiB, in a machine that has 256. */
const EATS = "echo before; head -c 1000m /dev/zero | tail -c 1000m >/dev/null";

it("a run whose command wants more memory than its machine has fails for that, with its output", async () => {
  const { id } = await stack.submit({
    command: [
      "sh",
      "-c",
      "echo before; mkfifo /tmp/z; head -c 1000m /dev/zero >/tmp/z & exec tail -c 1000m </tmp/z",
    ],
  });
  const run = await stack.final(id);
  expect(run).toMatchObject({
    status: "failed",
    reason: "out_of_memory",
    oom_killed: true,
    exit_code: 137,
    signal: "SIGKILL",
    detail: "the machine has 256 MB of memory",
  });
  expect(new TextDecoder().decode(await stack.output(id, "stdout"))).toContain("before\n");
});

it("a run whose image runs as it is fails for that, too", async () => {
  const { id } = await stack.submit({
    command: ["sh", "-c", "mkfifo /tmp/z; head -c 1000m /dev/zero >/tmp/z & exec tail -c 1000m </tmp/z"],
    capture: "none",
  });
  expect(await stack.final(id)).toMatchObject({
    status: "failed",
    reason: "out_of_memory",
    oom_killed: true,
  });
});

it("a run that is killed by somebody while another one runs out of memory was not killed for that", async () => {
  const killed = await stack.submit({
    command: ["sh", "-c", "until rm /tmp/go; do sleep 0.02; done 2>/dev/null; kill -KILL $$"],
  });
  await stack.reaching(killed.id, "running");
  const [machine] = (await stack.machines()).filter(({ state }) => state === "started");
  const other = await stack.submit({ command: ["sh", "-c", EATS] });
  expect((await stack.final(other.id)).status).toBe("failed");
  const exec = await fetch(`${stack.machinesUrl}/v1/apps/mayfly-runs/machines/${machine?.id}/exec`, {
    method: "POST",
    headers: { authorization: "Bearer local-story" },
    body: JSON.stringify({ command: ["touch", "/tmp/go"] }),
  });
  expect(exec.status).toBe(200);
  expect(await stack.final(killed.id)).toMatchObject({
    status: "failed",
    reason: "signal",
    signal: "SIGKILL",
    oom_killed: false,
  });
});

it("a run that loses a process of its command to want of memory ends as the command then ends", async () => {
  const { id } = await stack.submit({ command: ["sh", "-c", `${EATS}; exit 3`] });
  expect(await stack.final(id)).toMatchObject({ reason: "exit_code", exit_code: 3, oom_killed: false });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/processes.ts";
import { type Stack, startStack } from "../support/stack.ts";
import { Started } from "../support/started.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());
afterEach(() => stack.clearFaults());

/** Nobody is to be asked twice: what is looked at is one attempt's end. */
const retry = { rules: [{ reasons: ["timed_out" as const], do: "stop" as const }] };

async function exec(machineId: string, script: string): Promise<string> {
  const answer = await fetch(`${stack.machinesUrl}/v1/apps/mayfly-runs/machines/${machineId}/exec`, {
    method: "POST",
    headers: { authorization: "Bearer local-story" },
    body: JSON.stringify({ command: ["sh", "-c", script] }),
  });
  return ((await answer.json()) as { stdout?: string }).stdout ?? "";
}

async function runningWith(spec: object): Promise<{ id: string; machineId: string }> {
  const { id } = await stack.submit(spec);
  await stack.following(id, ({ text }) => text?.includes("begun") ?? false);
  const machineId = (await stack.run(id)).attempts[0]?.machine_id;
  if (!machineId) throw new Error("a run that writes has a machine");
  return { id, machineId };
}

describe("the run limit", () => {
  it("holds while the worker is away: the machine ends by itself the command, with its stop grace, and all that it started", async () => {
    const started = new Started();
    const { id, machineId } = await runningWith({
      script: `${started.script}trap "echo asked to stop" TERM; echo begun; while :; do sleep 0.1; done`,
      timeouts: { run: "3s", stop: "1s" },
      retry,
    });
    await started.all();
    await stack.killWorker();
    await eventually("the end of the command", async () => {
      const machine = (await stack.machines()).find((each) => each.id === machineId);
      expect(machine?.state).toBe("started");
      return (await exec(machineId, "cat /tmp/.mayfly-*/state")).startsWith("ended");
    });
    expect(started.alive()).toEqual([]);
    await stack.startWorker();
    await stack.fireCron();
    expect(await stack.final(id)).toMatchObject({
      status: "failed",
      reason: "timed_out",
      limit: "run",
      signal: "SIGKILL",
      output: { complete: true },
    });
    expect(new TextDecoder().decode(await stack.output(id, "stdout"))).toBe("begun\nasked to stop\n");
  });

  it("holds where the runner is stopped and enforces nothing: the driver ends the machine", async () => {
    const { id, machineId } = await runningWith({
      script: "echo begun; sleep 600",
      timeouts: { run: "2s", stop: "1s" },
      retry,
    });
    const stopped = await exec(
      machineId,
      `for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline | grep -q 'run /tmp/[.]mayfly' && kill -STOP \${p#/proc/} && echo stopped; done`,
    );
    expect(stopped).toContain("stopped");
    expect(await stack.final(id, 90_000)).toMatchObject({
      status: "failed",
      reason: "timed_out",
      limit: "run",
    });
    await stack.eventsUntil(id, "machine_released");
  });
});

describe("the boot limit", () => {
  it("tells that the image was still being fetched", async () => {
    await stack.fault({ operation: "pull", kind: "slow", delay_ms: 60_000 });
    const { id } = await stack.submit({ command: ["true"], timeouts: { boot: "1s" }, retry });
    expect(await stack.final(id)).toMatchObject({
      status: "failed",
      reason: "timed_out",
      limit: "boot",
      detail: "the machine's image was still being fetched after the boot limit of 1s",
    });
    await stack.eventsUntil(id, "machine_released");
  });

  it("tells that the machine had its image and did not start", async () => {
    await stack.fault({ operation: "boot", kind: "slow", delay_ms: 60_000 });
    const { id } = await stack.submit({ command: ["true"], timeouts: { boot: "1s" }, retry });
    expect(await stack.final(id)).toMatchObject({
      limit: "boot",
      detail: "the machine had its image and was not started after the boot limit of 1s",
    });
    await stack.eventsUntil(id, "machine_released");
  });
});

it("a slow start tells how long its image took, and how long its boot", async () => {
  await stack.fault({ operation: "pull", kind: "slow", delay_ms: 3100 });
  await stack.fault({ operation: "boot", kind: "slow", delay_ms: 500 });
  const { id } = await stack.submit({ command: ["echo", "hi"] });
  const [attempt] = (await stack.final(id)).attempts;
  const at = (time: string | null | undefined) => Date.parse(time ?? "");
  expect(at(attempt?.image_ready_at) - at(attempt?.created_at)).toBeGreaterThanOrEqual(3000);
  expect(at(attempt?.started_at) - at(attempt?.image_ready_at)).toBeGreaterThanOrEqual(400);
});

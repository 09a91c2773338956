import { afterAll, beforeAll, expect, it } from "vitest";
import { type Stack, startStack } from "../support/stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

/** Lost machines are replaced unless a run says otherwise. */
const retry = { rules: [{ reasons: ["machine_lost" as const], do: "stop" as const }] };

it("a machine that dies with its host ends a run that wants no other as failed, machine_lost, with what it wrote before", async () => {
  const captured = await stack.submit({ script: "echo before; sleep 60", retry });
  const plain = await stack.submit({ command: ["sleep", "60"], capture: "none", retry });
  await stack.following(captured.id, ({ text }) => text?.includes("before") ?? false);
  await stack.reaching(plain.id, "running");
  await stack.killMachines();
  await stack.startMachines();
  const [lost, lostPlain] = await Promise.all([stack.final(captured.id), stack.final(plain.id)]);
  expect(lost).toMatchObject({
    status: "failed",
    reason: "machine_lost",
    exit_code: null,
    output: { stdout_bytes: 7, complete: false },
  });
  expect(new TextDecoder().decode(await stack.output(captured.id, "stdout"))).toBe("before\n");
  expect(lostPlain).toMatchObject({ status: "failed", reason: "machine_lost", exit_code: null });
  await stack.allReleased();
});

it("a machine that somebody destroys behind our back ends its run too", async () => {
  const { id } = await stack.submit({ script: "echo before; sleep 60", retry });
  await stack.following(id, ({ text }) => text?.includes("before") ?? false);
  const machineId = (await stack.run(id)).attempts[0]?.machine_id;
  await fetch(`${stack.machinesUrl}/v1/apps/mayfly-runs/machines/${machineId}?force=true`, {
    method: "DELETE",
    headers: { authorization: "Bearer local-story" },
  });
  const run = await stack.final(id);
  expect(run.status).toBe("failed");
  expect(["machine_lost", "signal"]).toContain(run.reason);
  expect(run.output).toMatchObject({ stdout_bytes: 7, complete: false });
});

it("runs wait while the Machines API can not be reached, and go on when it can", async () => {
  await stack.killMachines();
  const { id } = await stack.submit({ command: ["echo", "late"] });
  await stack.startMachines();
  expect(await stack.final(id)).toMatchObject({ status: "succeeded", output: { stdout_bytes: 5 } });
});

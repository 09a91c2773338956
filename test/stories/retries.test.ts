import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Stack, startStack } from "../support/stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());
afterEach(() => stack.clearFaults());

const text = async (id: string) => new TextDecoder().decode(await stack.output(id, "stdout"));
const NO_ROOM = {
  operation: "create",
  kind: "error_before",
  status: 422,
  body: '{"error":"could not find a candidate host","status":"insufficient_capacity"}',
};
const quick = { initial: "100ms", jitter: 0 };

it("a job that fails twice and then works is one run that succeeds, with the output of all three attempts", async () => {
  const { id } = await stack.submit({
    script: 'echo "attempt $MAYFLY_ATTEMPT"; sleep 0.2; [ "$MAYFLY_ATTEMPT" = 3 ] || exit 9',
    retry: { attempts: 3, backoff: quick },
  });
  const seen: [number, string | undefined][] = [];
  // Following goes on into the next attempt, and says which one wrote what.
  await stack.following(id, ({ attempt, text }) => {
    seen.push([attempt, text]);
    return false;
  });
  expect(seen).toEqual([
    [1, "attempt 1\n"],
    [2, "attempt 2\n"],
    [3, "attempt 3\n"],
  ]);
  const run = await stack.final(id);
  expect(run).toMatchObject({
    status: "succeeded",
    exit_code: 0,
    next_attempt: null,
    output: { stdout_bytes: 30, complete: true },
    attempts: [
      { number: 1, reason: "exit_code", exit_code: 9, next: { number: 2 }, output: { stdout_bytes: 10 } },
      { number: 2, reason: "exit_code", exit_code: 9, next: { number: 3 }, output: { stdout_bytes: 10 } },
      { number: 3, reason: null, exit_code: 0, next: null, output: { stdout_bytes: 10 } },
    ],
  });
  expect(await text(id)).toBe("attempt 1\nattempt 2\nattempt 3\n");
  await stack.eventsUntil(id, "settled");
  // Each machine was gone before the next was asked for.
  for (const [index, attempt] of run.attempts.slice(0, -1).entries())
    expect(Date.parse(attempt.released_at ?? "")).toBeLessThanOrEqual(
      Date.parse(run.attempts[index + 1]?.create_asked_at ?? ""),
    );
});

it("a run between two attempts says what comes next and when, and can be cancelled there", async () => {
  const { id } = await stack.submit({
    command: ["false"],
    retry: { attempts: 2, rules: [{ exit_codes: [1], do: "next_size", wait: "1h" }] },
  });
  const waiting = await stack.reaching(id, "retrying");
  expect(waiting).toMatchObject({
    reason: "exit_code",
    next_attempt: { number: 2, machine: { cpu_kind: "shared", cpus: 1, memory_mb: 512 } },
    attempts: [{ number: 1, reason: "exit_code", exit_code: 1, detail: "the command exited with 1" }],
  });
  const dueInMs = Date.parse(waiting.next_attempt?.at ?? "") - Date.now();
  expect(dueInMs).toBeGreaterThan(3_500_000);
  expect((await stack.call(`/v1/runs/${id}/cancel`, { method: "POST" })).status).toBe(202);
  expect(await stack.final(id)).toMatchObject({ status: "cancelled", exit_code: null, attempts: [{}] });
  await stack.eventsUntil(id, "machine_released");
});

it("a job that runs out of memory is tried again with twice as much, as often as it takes", async () => {
  const { id } = await stack.submit({
    command: [
      "sh",
      "-c",
      "mkfifo /tmp/z; head -c 400m /dev/zero >/tmp/z & exec tail -c 400m </tmp/z >/dev/null",
    ],
    retry: {
      attempts: 3,
      backoff: quick,
      rules: [{ reasons: ["out_of_memory"], do: "next_size" }],
    },
  });
  const run = await stack.final(id);
  expect(run).toMatchObject({ status: "succeeded", machine: { memory_mb: 256 } });
  expect(run.attempts.map(({ reason, machine }) => [reason, machine.memory_mb])).toEqual(
    run.attempts.length === 2
      ? [
          ["out_of_memory", 256],
          [null, 512],
        ]
      : [
          ["out_of_memory", 256],
          ["out_of_memory", 512],
          [null, 1024],
        ],
  );
});

it("a run that no host in its first region has room for runs in the next", async () => {
  await stack.fault({ ...NO_ROOM, count: 1 });
  const { id } = await stack.submit({ command: ["true"], regions: ["ams", "fra"] });
  const run = await stack.final(id);
  expect(run).toMatchObject({
    status: "succeeded",
    attempts: [
      { reason: "no_capacity", asked_region: "ams", region: null, machine_id: null },
      { reason: null, asked_region: "fra", region: "fra" },
    ],
  });
});

it("a machine that is lost is replaced, and the job's attempts are all still there", async () => {
  const { id } = await stack.submit({
    script:
      'echo "attempt $MAYFLY_ATTEMPT"; [ "$MAYFLY_ATTEMPT" != 1 ] || sleep 60; exit $((3 - MAYFLY_ATTEMPT))',
    retry: { attempts: 2, backoff: quick },
  });
  await stack.following(id, ({ text }) => text?.includes("attempt 1") ?? false);
  await stack.killMachines();
  await stack.startMachines();
  const run = await stack.final(id);
  expect(run).toMatchObject({ status: "succeeded", output: { complete: false } });
  expect(run.attempts.map(({ reason }) => reason)).toEqual(["machine_lost", "exit_code", null]);
  expect(await text(id)).toBe("attempt 1\nattempt 2\nattempt 3\n");
});

it("a worker that is killed between two attempts goes on with the next one, on one machine for each", async () => {
  const { id } = await stack.submit({
    script: 'echo "attempt $MAYFLY_ATTEMPT"; [ "$MAYFLY_ATTEMPT" = 3 ] || exit 1',
    retry: { attempts: 3, backoff: { initial: "2s", jitter: 0 } },
  });
  await stack.reaching(id, "retrying");
  await stack.killWorker();
  await stack.startWorker();
  const run = await stack.final(id);
  expect(run).toMatchObject({ status: "succeeded", attempts: [{}, {}, {}] });
  expect(await text(id)).toBe("attempt 1\nattempt 2\nattempt 3\n");
  const names = (await stack.machines()).map(({ name }) => name).filter((name) => name.includes(id.slice(4)));
  expect(names.toSorted()).toEqual(run.attempts.map(({ machine_name }) => machine_name));
  await stack.allReleased();
});

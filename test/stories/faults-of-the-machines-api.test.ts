import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Stack, startStack } from "../support/stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

type Fault = Record<string, unknown>;

/** However its Machines API behaves, a run ends rightly, once, on one machine, and nothing is left. */
async function endsWell(
  faults: Fault[],
  spec: object = { command: ["echo", "once"] },
  expected: object = { status: "succeeded", exit_code: 0 },
) {
  const before = new Set((await stack.machines()).map(({ id }) => id));
  for (const fault of faults) await stack.fault(fault);
  const { id } = await stack.submit(spec);
  const run = await stack.final(id);
  await stack.eventsUntil(id, "machine_released");
  await stack.clearFaults();
  const made = (await stack.machines()).filter((machine) => !before.has(machine.id));
  expect(run).toMatchObject(expected);
  expect(made.map(({ state }) => state)).toEqual(["destroyed"]);
  return run;
}

afterEach(() => stack.clearFaults());

describe("a create", () => {
  it.each([
    [
      "is answered 504 after it took effect",
      { kind: "error_after", status: 504, body: "upstream request timeout" },
    ],
    [
      "is answered 408 after it took effect",
      { kind: "error_after", status: 408, body: '{"error":"deadline_exceeded"}' },
    ],
    ["takes effect and is never answered", { kind: "drop" }],
    ["is answered 500 without effect", { kind: "error_before", status: 500, body: '{"error":"internal"}' }],
    ["is answered 429", { kind: "error_before", status: 429, body: "rate limit exceeded" }],
    [
      "is answered with what is no JSON after it took effect",
      { kind: "error_after", status: 200, body: "<html>" },
    ],
  ])("that %s makes one machine", async (_name, fault) => {
    await endsWell([{ operation: "create", ...fault }]);
  });

  it("that is ambiguous while the list is broken too makes one machine", async () => {
    await endsWell([
      { operation: "create", kind: "drop" },
      { operation: "list", kind: "error_before", status: 500, body: "{}", count: 2 },
    ]);
  });

  it("that is refused for want of room says so where the run does not want to be asked for again", async () => {
    await stack.fault({
      operation: "create",
      kind: "error_before",
      status: 422,
      body: '{"error":"could not find a candidate host","status":"insufficient_capacity"}',
      count: 1,
    });
    const retry = { rules: [{ reasons: ["no_capacity" as const], do: "stop" as const }] };
    const { id } = await stack.submit({ command: ["true"], retry });
    expect(await stack.final(id)).toMatchObject({
      status: "failed",
      reason: "no_capacity",
      exit_code: null,
      detail: expect.stringContaining("candidate host"),
    });
    await stack.eventsUntil(id, "machine_released");
  });

  it("that never works ends at the queue limit", async () => {
    await stack.fault({
      operation: "create",
      kind: "error_before",
      status: 429,
      body: "rate limit exceeded",
      count: 100,
    });
    const { id } = await stack.submit({ command: ["true"], timeouts: { queue: "2s" } });
    expect(await stack.final(id)).toMatchObject({
      status: "failed",
      reason: "timed_out",
      limit: "queue",
      detail: expect.stringContaining("queue limit of 2s"),
    });
  });
});

describe("a wait", () => {
  it.each([
    [
      "408",
      {
        kind: "error_before",
        status: 408,
        body: '{"error":"deadline_exceeded: machine failed to reach desired state, started, currently created"}',
      },
    ],
    ["404", { kind: "error_before", status: 404, body: '{"error":"not_found: machine not found"}' }],
    ["503", { kind: "error_before", status: 503, body: "no" }],
    ["nothing", { kind: "drop" }],
  ])("that is answered %s loses nothing", async (_name, fault) => {
    await endsWell([{ operation: "wait", count: 2, ...fault }]);
  });

  it("that is answered 404 or 5xx loses no machine that runs its image by itself", async () => {
    await endsWell(
      [
        { operation: "wait", kind: "error_before", status: 404, body: "{}" },
        { operation: "wait", kind: "error_before", status: 502, body: "" },
      ],
      { command: ["sh", "-c", "exit 5"], capture: "none" },
      { status: "failed", exit_code: 5 },
    );
  });
});

describe("an exec", () => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index}\n`).join("");
  const slow = {
    script: 'i=0; while [ $i -lt 30 ]; do echo "line $i"; i=$((i+1)); sleep 0.02; done; exit 4',
  };
  it.each([
    ["fails before it begins", { kind: "error_before", status: 500, body: "{}" }],
    ["fails after it ran", { kind: "error_after", status: 500, body: "{}" }],
    ["is never answered", { kind: "drop" }],
    [
      "is answered 408",
      { kind: "error_before", status: 408, body: '{"error":"deadline_exceeded: Post http://unix/v1/exec"}' },
    ],
    [
      "answers what is no reply of the runner",
      { kind: "error_before", status: 200, body: '{"exit_code":0,"stdout":"nonsense"}' },
    ],
    [
      "says that the machine is not running",
      { kind: "error_before", status: 412, body: '{"error":"failed_precondition: machine not running"}' },
    ],
  ])("that %s loses and doubles no byte", async (_name, fault) => {
    const run = await endsWell([{ operation: "exec", count: 3, ...fault }], slow, {
      status: "failed",
      exit_code: 4,
      output: { complete: true, stdout_bytes: lines.length },
    });
    expect(new TextDecoder().decode(await stack.output(run.id, "stdout"))).toBe(lines);
  });
});

describe("a look at the machine", () => {
  it("that fails is repeated", async () => {
    await endsWell([
      { operation: "get", kind: "error_before", status: 500, body: "{}", count: 2 },
      { operation: "exec", kind: "error_before", status: 500, body: "{}" },
    ]);
  });
});

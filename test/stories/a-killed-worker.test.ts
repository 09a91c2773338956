import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunBody } from "../../src/api/run-schema.ts";
import { RUNNER_OVERDUE_MS } from "../../src/core/limits.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { type Stack, startStack } from "../support/stack.ts";

/** Printed with every failure: the same seed kills at the same moments. */
const SEED = Number(process.env.MAYFLY_SEED ?? 20261121);
const KILLS = Number(process.env.MAYFLY_KILLS ?? 4);
const RUNS_PER_KILL = 6;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

/** Commands that are at every stage when the worker dies: quick ones settle while slow ones start and run. */
function commandOf(index: number): string {
  const lines = `i=0; while [ $i -lt 40 ]; do echo "line $i"; i=$((i+1)); sleep 0.05; done`;
  return ["echo quick", lines, `${lines}; exit 9`][index % 3] ?? "";
}

function expectedOutput(index: number): string {
  return index % 3 === 0 ? "quick\n" : Array.from({ length: 40 }, (_, line) => `line ${line}\n`).join("");
}

it(`every run reaches its right end through kill -9 of the whole worker at random moments (seed ${SEED})`, async () => {
  console.log(
    `seed ${SEED}: ${KILLS} kills with ${RUNS_PER_KILL} runs each; MAYFLY_SEED and MAYFLY_KILLS choose others`,
  );
  const random = seededRandom(SEED);
  const accepted: { run: RunBody; index: number }[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const submits = Array.from({ length: RUNS_PER_KILL }, async (_, index) => {
      // An answer that is lost in the crash leaves it open whether the run exists; asked again with its key it is one run.
      const key = `kill-${kill}-${index}`;
      const submit = () =>
        stack.submit({ script: commandOf(index), timeouts: { run: "2m" } }, { "idempotency-key": key });
      return { index, submit, run: await submit().catch(() => null) };
    });
    await new Promise((resolve) => setTimeout(resolve, Math.floor(random() * 700)));
    await stack.killWorker();
    await stack.startWorker();
    await stack.fireCron();
    for (const { index, submit, run } of await Promise.all(submits))
      accepted.push({ index, run: run ?? (await submit()) });
  }
  for (const { run, index } of accepted) {
    const final = await stack.final(run.id, 120_000);
    const expected =
      index % 3 === 2 ? { status: "failed", exit_code: 9 } : { status: "succeeded", exit_code: 0 };
    expect(final).toMatchObject({ ...expected, output: { complete: true, dropped_bytes: 0 } });
    expect(new TextDecoder().decode(await stack.output(run.id, "stdout"))).toBe(expectedOutput(index));
  }
  await stack.allReleased();
  const machines = await stack.machines();
  const perAttempt = new Map<string, number>();
  for (const { name } of machines) perAttempt.set(name, (perAttempt.get(name) ?? 0) + 1);
  expect(machines.length).toBeGreaterThanOrEqual(accepted.length);
  expect([...perAttempt].filter(([, count]) => count > 1)).toEqual([]);
  expect(machines.filter(({ state }) => state !== "destroyed")).toEqual([]);
}, 300_000);

it("a run that ended while the worker was down past its limits is told as it ended", async () => {
  const { id } = await stack.submit({
    script: "echo hi; sleep 1; echo done; exit 6",
    timeouts: { run: "2s", stop: "1s" },
  });
  await stack.following(id, ({ text }) => text?.includes("hi") ?? false);
  await stack.killWorker();
  // Past run and stop limit and the patience with a runner that is overdue.
  await new Promise((resolve) => setTimeout(resolve, 2000 + 1000 + RUNNER_OVERDUE_MS + 1000));
  await stack.startWorker();
  await stack.fireCron();
  expect(await stack.final(id, 120_000)).toMatchObject({
    status: "failed",
    reason: "exit_code",
    exit_code: 6,
    output: { stdout_bytes: 8, complete: true },
  });
});

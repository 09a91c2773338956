import { afterAll, beforeAll, expect, it } from "vitest";
import type { FiringListBody, StoredScheduleBody } from "../../src/api/firing-schema.ts";
import type { RunListBody } from "../../src/api/run-schema.ts";
import { eventually } from "../support/processes.ts";
import { type Stack, startStack } from "../support/stack.ts";

const HOUR = 3_600_000;
const HOURLY = { name: "hourly", on: "fly", every: "hourly" };

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await stack.call(path, init);
  expect(response.status, await response.clone().text()).toBeLessThan(300);
  return (await response.json()) as T;
}

const shown = () => call<StoredScheduleBody>("GET", "/v1/schedules/report/hourly");
const runs = async () => (await call<RunListBody>("GET", "/v1/runs?job=report")).runs.toReversed();
const living = async () => (await stack.machines()).filter(({ state }) => state !== "destroyed");

/** The minute's cron comes by until something is so. */
function cronUntil<T>(what: string, so: () => Promise<T | false>): Promise<T> {
  return eventually(what, async () => {
    await stack.fireCron();
    return so();
  });
}

const runCount = (count: number) => async () => {
  const found = await runs();
  return found.length >= count && found;
};

it("each start of the machine that Fly starts becomes one run with its output, whoever dies meanwhile, and the machine goes with its schedule", async () => {
  const definition = (word: string) => ({
    run: {
      image: "debian:12",
      command: ["sh", "-c", `echo ${word} $MAYFLY_SCHEDULE $MAYFLY_INPUT; echo oops >&2; exit 3`],
    },
    schedules: [{ ...HOURLY, input: { n: 1 } }],
  });
  await call("PUT", "/v1/jobs/report", definition("first"));
  const [first] = await cronUntil("the run of the first start", runCount(1));
  expect(await stack.final(first?.id ?? "")).toMatchObject({
    status: "failed",
    reason: "exit_code",
    exit_code: 3,
    job: { name: "report", version: 1 },
    firing: { schedule: "hourly" },
    output: { complete: true },
  });
  expect(Buffer.from(await stack.output(first?.id ?? "", "stdout")).toString()).toBe(
    'first hourly {"n":1}\n',
  );
  await stack.eventsUntil(first?.id ?? "", "machine_released");
  const [machine, ...others] = await living();
  expect(others).toEqual([]);
  expect((await shown()).fly).toMatchObject({ machine_id: machine?.id, problem: null });

  await call("PUT", "/v1/jobs/report", definition("second"));
  await cronUntil("the machine's change", async () => JSON.stringify(await living()).includes("echo second"));
  await stack.killWorker();
  await stack.fault({ kind: "clock_skew", skew_ms: HOUR + 60_000 });
  await stack.startWorker();
  const [, second] = await cronUntil("the run of the second start", runCount(2));
  await stack.killWorker();
  await stack.startWorker();
  await stack.fireCron();
  await stack.final(second?.id ?? "");
  expect(Buffer.from(await stack.output(second?.id ?? "", "stdout")).toString()).toBe(
    'second hourly {"n":1}\n',
  );
  expect(await stack.run(second?.id ?? "")).toMatchObject({
    job: { version: 2 },
    output: { complete: true },
  });

  await call("PUT", "/v1/jobs/report", { run: { image: "debian:12", command: ["true"] } });
  await cronUntil("the machine's end", async () => (await living()).length === 0);
  const ledger = await call<FiringListBody>("GET", "/v1/schedules/report/hourly/firings");
  expect(ledger.firings.map(({ outcome, trigger, run_id }) => [outcome, trigger, run_id])).toEqual([
    ["ran", "fly", second?.id],
    ["ran", "fly", first?.id],
  ]);
  expect(await runs()).toHaveLength(2);
  expect(new Set((await stack.machines()).map(({ name }) => name)).size).toBe(1);
});

import { afterAll, beforeAll, expect, it } from "vitest";
import type { FiringListBody } from "../../src/api/firing-schema.ts";
import type { RunListBody } from "../../src/api/run-schema.ts";
import { eventually } from "../support/processes.ts";
import { type Stack, startStack } from "../support/stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

it("a punctual schedule's machine is there before its time and starts once, then and not before, also where the worker is killed meanwhile", async () => {
  // Long enough that a busy computer has made a machine by then, and shorter than the lead: it is accepted at once.
  const dueAt = Date.now() + 15_000;
  const script = 'echo "$(date +%s%3N) $MAYFLY_DUE_AT"';
  const definition = {
    run: { image: "debian:12", command: ["sh", "-c", script] },
    schedules: [{ name: "s", at: new Date(dueAt).toISOString(), punctual: true }],
  };
  const put = await stack.call("/v1/jobs/second", { method: "PUT", body: JSON.stringify(definition) });
  expect(put.status).toBe(201);
  const run = await eventually("a run ahead of its time", async () => {
    const { runs } = (await (await stack.call("/v1/runs?job=second")).json()) as RunListBody;
    return runs[0];
  });
  expect(run.starts_at).toBe(new Date(dueAt).toISOString());
  await stack.eventsUntil(run.id, "machine_created");
  expect(Date.now(), "the machine is made ahead").toBeLessThan(dueAt);
  await stack.killWorker();
  await stack.startWorker();
  await stack.fireCron();

  const ended = await stack.final(run.id);
  expect([ended.status, ended.attempts.length]).toEqual(["succeeded", 1]);
  const [attempt] = ended.attempts;
  expect(Date.parse(attempt?.created_at ?? "")).toBeLessThan(dueAt);
  expect(Date.parse(attempt?.started_at ?? "")).toBeGreaterThanOrEqual(dueAt);
  const ledger = await stack.call("/v1/schedules/second/s/firings");
  const { firings } = (await ledger.json()) as FiringListBody;
  expect(firings).toMatchObject([
    { run_id: run.id, outcome: "ran", late_ms: Date.parse(attempt?.started_at ?? "") - dueAt },
  ]);
  const output = Buffer.from(await stack.output(run.id, "stdout")).toString();
  const [line = "", ...others] = output.trim().split("\n");
  expect(others).toEqual([]);
  const [beganAt, due] = line.split(" ");
  expect(due).toBe(new Date(dueAt).toISOString());
  expect(Number(beganAt)).toBeGreaterThanOrEqual(dueAt);
  const events = await stack.eventsUntil(run.id, "machine_released");
  const released = events.find(({ type }) => type === "machine_released");
  const starts = released?.type === "machine_released" ? released.data.events : [];
  expect(starts.filter(({ type, status }) => type === "start" && status === "starting")).toHaveLength(1);
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(["machine_created", "machine_ready", "machine_started", "settled"]),
  );
});

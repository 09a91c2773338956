import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { eventSchema } from "../../src/api/event-schema.ts";
import type { EventListBody } from "../../src/api/run-schema.ts";
import { EVENT_TYPES, type RunEvent } from "../../src/core/event.ts";
import type { MachineEvent } from "../../src/core/machine.ts";
import { planAttempt } from "../../src/core/plan.ts";
import { keyQueue, launchAwaited } from "../../src/core/turn.ts";
import { apiPorts } from "../../src/worker/ports.ts";
import { aQueuedRun, followedBy, T0 } from "../support/a-run.ts";

const { store } = apiPorts(env);
const at = T0 + 1000;
const exit = { code: 137, signal: "SIGKILL", oomKilled: true };
const output = { stdoutBytes: 1, stderrBytes: 2, droppedBytes: 3, complete: false };
const machineExit = { code: 137, signal: 9, oomKilled: true, requestedStop: false, at: T0 + 900 };
const machineEvents: MachineEvent[] = [
  { type: "start", status: "started", source: "flyd", at: T0, exit: null },
  { type: "exit", status: "stopped", source: "flyd", at: T0 + 950, exit: machineExit },
];

const guest = { cpuKind: "shared" as const, cpus: 1, memoryMb: 512 };
const OUT_OF_MEMORY = { reason: "out_of_memory" as const, limit: null, detail: "256 MB", exit, output };

/** All that can follow a planned attempt, each type at least once. */
const REST: RunEvent[] = [
  { type: "launch_taken", at, attempt: 1, app: "b", launchAt: at + 2000, mayBeAsked: true },
  { type: "create_uncertain", at, attempt: 1, error: "504" },
  { type: "machine_created", at, attempt: 1, machineId: "1857", region: null, adopted: true },
  { type: "machine_ready", at, attempt: 1 },
  { type: "machine_started", at, attempt: 1 },
  { type: "cancel_requested", at, supersededBy: "run_00000000000000000000000000" },
  { type: "stop_requested", at, attempt: 1 },
  { type: "step_started", at, attempt: 1, step: 1, startedAt: at, from: { stdout: 0, stderr: 0 } },
  {
    type: "step_ended",
    at,
    attempt: 1,
    step: 1,
    exitCode: 137,
    timedOut: false,
    startedAt: at,
    endedAt: at + 1,
    from: { stdout: 0, stderr: 0 },
    to: { stdout: 1, stderr: 2 },
  },
  { type: "steps_skipped", at, attempt: 1, steps: [2, 3] },
  { type: "exited", at, attempt: 1, exit, source: "runner" },
  { type: "attempt_failed", at, attempt: 1, ...OUT_OF_MEMORY, next: { at, guest, region: "ams" } },
  { type: "machine_released", at, attempt: 1, events: machineEvents },
  { type: "settled", at, status: "failed", ...OUT_OF_MEMORY },
];

async function eventsOfEveryType(): Promise<EventListBody["events"]> {
  const queue = { queue: keyQueue("events"), limit: 1 };
  const spec = { concurrency: { key: "events", limit: 1, strategy: "queue" as const } };
  const waiting = followedBy(
    aQueuedRun(spec),
    { type: "slot_awaited", at, ...queue },
    { type: "slot_taken", at, ...queue },
  );
  const begun = followedBy(waiting, planAttempt(waiting.state, null, at));
  await store.accept(begun.state, begun.events, null);
  const { id } = followedBy(begun, ...REST).state.run;
  await store.record(begun.state, REST, []);
  const request = new Request(`https://mayfly.test/v1/runs/${id}/events`, {
    headers: { authorization: "Bearer test-token" },
  });
  return (await (await exports.default.fetch(request)).json<EventListBody>()).events;
}

/** Every field in a value, however deep, with what it holds. */
function fieldsOf(value: unknown): [name: string, value: unknown][] {
  if (Array.isArray(value)) return value.flatMap(fieldsOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [[name, inner], ...fieldsOf(inner)]);
}

describe("events", () => {
  it("have the fields and times of every other answer: snake_case and RFC 3339", async () => {
    const events = await eventsOfEveryType();
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(EVENT_TYPES));
    const fields = fieldsOf(events);
    expect(fields.filter(([name]) => !/^[a-z]+(_[a-z]+)*$/.test(name))).toEqual([]);
    const times = fields.filter(([name]) => name === "at" || name.endsWith("_at")).map(([, value]) => value);
    expect(times.length).toBe(EVENT_TYPES.length + machineEvents.length + 7);
    for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it("name the line of launches, which has no key and no slots", async () => {
    const { state, events } = followedBy(aQueuedRun(), launchAwaited(at));
    await store.accept(state, events, null);
    const request = new Request(`https://mayfly.test/v1/runs/${state.run.id}/events`, {
      headers: { authorization: "Bearer test-token" },
    });
    const [, awaited] = (await (await exports.default.fetch(request)).json<EventListBody>()).events;
    expect(awaited).toMatchObject({ type: "slot_awaited", data: { for: "launch", key: null, limit: null } });
    expect(eventSchema.parse(awaited)).toEqual(awaited);
  });

  it("are what the OpenAPI document says of their type, and hold nothing that it does not name", async () => {
    const events = await eventsOfEveryType();
    // Parsing leaves out what the schema does not know.
    expect(events.map((event) => eventSchema.parse(event))).toEqual(events);
    const end = { exit_code: 137, signal: "SIGKILL", oom_killed: true };
    expect(Object.fromEntries(events.map(({ type, data }) => [type, data]))).toMatchObject({
      launch_taken: { app: "b", launch_at: new Date(at + 2000).toISOString() },
      machine_created: { machine_id: "1857", region: null, adopted: true },
      step_started: { step: 1, stdout_from: 0, stderr_from: 0 },
      step_ended: { step: 1, exit_code: 137, timed_out: false, stdout_to: 1, stderr_to: 2 },
      steps_skipped: { steps: [2, 3] },
      exited: { ...end, source: "runner" },
      settled: { ...end, status: "failed", reason: "out_of_memory", output: { dropped_bytes: 3 } },
      machine_released: { events: [{ exit: null }, { exit: { ...end, requested_stop: false } }] },
    });
  });
});

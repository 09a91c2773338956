import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EventListBody, RunBody, RunListBody } from "../../src/api/run-schema.ts";
import { type Stack, startStack } from "../support/stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

const text = async (id: string, stream: "stdout" | "stderr" = "stdout") =>
  new TextDecoder().decode(await stack.output(id, stream));
const script = (source: string, more: object = {}) => stack.submit({ script: source, ...more });

describe("a run", () => {
  it("keeps both streams, the exit code and the time of each phase", async () => {
    const submitted = await stack.submit({
      command: ["sh", "-c", "echo out; echo err >&2; exit 7"],
      name: "seven",
      tags: { a: "1" },
    });
    expect(submitted).toMatchObject({
      status: "starting",
      name: "seven",
      settled_at: null,
      attempts: [{ number: 1 }],
    });
    const run = await stack.final(submitted.id);
    expect(run).toMatchObject({
      status: "failed",
      reason: "exit_code",
      exit_code: 7,
      signal: null,
      oom_killed: false,
    });
    expect(run.output).toEqual({ stdout_bytes: 4, stderr_bytes: 4, dropped_bytes: 0, complete: true });
    expect([await text(run.id), await text(run.id, "stderr")]).toEqual(["out\n", "err\n"]);
    const [attempt] = run.attempts;
    expect(attempt).toMatchObject({
      machine_id: expect.stringMatching(/^[0-9a-f]{14}$/),
      exit_code: 7,
      reason: "exit_code",
    });
    const times = [
      run.accepted_at,
      attempt?.create_asked_at,
      attempt?.created_at,
      attempt?.started_at,
      run.settled_at,
    ];
    expect(times.every((time) => typeof time === "string")).toBe(true);
    expect(times.toSorted()).toEqual(times);
    for (const time of [attempt?.first_output_at, attempt?.exited_at, attempt?.settled_at])
      expect(time).toEqual(expect.any(String));
  });

  it("that succeeds has exit code 0 and no reason", async () => {
    const run = await stack.final((await script("exit 0")).id);
    expect(run).toMatchObject({ status: "succeeded", reason: null, exit_code: 0, detail: null });
  });

  it("is answered when it is final where the caller prefers to wait", async () => {
    const response = await stack.call("/v1/runs", {
      method: "POST",
      body: JSON.stringify({ image: "x", command: ["echo", "hi"] }),
      headers: { prefer: "wait=30" },
    });
    const run = (await response.json()) as RunBody;
    expect(response.status).toBe(200);
    expect(response.headers.get("preference-applied")).toBe("wait=30");
    expect(run).toMatchObject({ status: "succeeded", exit_code: 0, output: { stdout_bytes: 3 } });
    expect(await text(run.id)).toBe("hi\n");
  });

  it("is answered with what is known when the caller's patience ends first", async () => {
    const response = await stack.call("/v1/runs", {
      method: "POST",
      body: JSON.stringify({ image: "x", command: ["sleep", "30"] }),
      headers: { prefer: "wait=1" },
    });
    const run = (await response.json()) as RunBody;
    expect(response.status).toBe(202);
    expect(run.settled_at).toBeNull();
    await stack.call(`/v1/runs/${run.id}/cancel`, { method: "POST" });
    expect(await stack.final(run.id)).toMatchObject({ status: "cancelled" });
  });

  it("gets its env, its files anywhere and its own id, and nothing of the computer's environment", async () => {
    const files = [
      { path: "/data/in.txt", content: "grüße\n" },
      { path: "/etc/mayfly-test.bin", base64: "AP8Q", mode: "0600" },
    ];
    const { id } = await script(
      'cat /data/in.txt; od -An -tx1 /etc/mayfly-test.bin; echo "$GREETING $MAYFLY_RUN_ID $MAYFLY_ATTEMPT"; env | cut -d= -f1 | sort',
      {
        env: { GREETING: "hello  there" },
        files,
      },
    );
    await stack.final(id);
    const output = await text(id);
    expect(output).toContain(`grüße\n 00 ff 10\nhello  there ${id} 1\n`);
    expect(output).not.toMatch(/^(npm_|VITEST|NODE_)/m);
  });

  it("runs the image by itself where output is not captured", async () => {
    const { id } = await stack.submit({ command: ["sh", "-c", "exit 3"], capture: "none" });
    const run = await stack.final(id);
    expect(run).toMatchObject({
      status: "failed",
      reason: "exit_code",
      exit_code: 3,
      output: { stdout_bytes: 0, complete: true },
    });
    expect(run.attempts[0]?.started_at).not.toBeNull();
  });

  it("tells a missing program from a program that fails", async () => {
    const missing = await stack.final((await stack.submit({ command: ["no-such-program"] })).id);
    expect(missing).toMatchObject({
      status: "failed",
      reason: "command_not_found",
      exit_code: 127,
      detail: expect.stringContaining("no-such-program"),
    });
    const own = await stack.final((await script("exit 127")).id);
    expect(own).toMatchObject({ reason: "exit_code", exit_code: 127 });
  });

  it.each([
    ["SIGTERM", 143],
    ["SIGKILL", 137],
    ["SIGSEGV", 139],
  ])("that is ended by %s says so", async (signal, code) => {
    const run = await stack.final((await script(`kill -${signal.slice(3)} $$`)).id);
    expect(run).toMatchObject({ status: "failed", reason: "signal", signal, exit_code: code });
  });

  it("past its run limit is stopped inside the machine, with what it wrote by then", async () => {
    const run = await stack.final(
      (await script("echo begun; exec sleep 60", { timeouts: { run: "1s", stop: "1s" } })).id,
    );
    expect(run).toMatchObject({
      status: "failed",
      reason: "timed_out",
      detail: expect.stringContaining("run limit of 1s"),
      output: { complete: true },
    });
    expect(await text(run.id)).toBe("begun\n");
  });

  it("past its run limit without a runner is stopped from outside", async () => {
    const run = await stack.final(
      (await stack.submit({ command: ["sleep", "60"], capture: "none", timeouts: { run: "1s", stop: "1s" } }))
        .id,
    );
    expect(run).toMatchObject({ status: "failed", reason: "timed_out" });
  });

  it("has numbered events without gaps, ours and the machine's", async () => {
    const { id } = await stack.submit({ command: ["true"] });
    await stack.final(id);
    const events = await stack.eventsUntil(id, "machine_released");
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.map(({ type }) => type)).toEqual([
      "accepted",
      "attempt_planned",
      "machine_created",
      "machine_started",
      "exited",
      "settled",
      "machine_released",
    ]);
    const released = events.at(-1);
    if (released?.type !== "machine_released") throw new Error("the machine's release comes last");
    const machine = released.data.events.map(({ type }) => type);
    expect(machine).toEqual(expect.arrayContaining(["launch", "start", "exit", "destroy"]));
    const page = (await (await stack.call(`/v1/runs/${id}/events?after=2&limit=2`)).json()) as EventListBody;
    expect(page).toMatchObject({ events: [{ seq: 3 }, { seq: 4 }], next_after: 4 });
  });
});

describe("an idempotency key", () => {
  const submit = (body: object) =>
    stack.call("/v1/runs", {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "idempotency-key": "nightly-2026-11-21" },
    });

  it("makes one run of many equal requests, also at once, and refuses another body", async () => {
    const spec = { image: "x", command: ["true"] };
    const responses = await Promise.all([submit(spec), submit(spec), submit(spec)]);
    const ids = await Promise.all(responses.map(async (response) => ((await response.json()) as RunBody).id));
    expect(new Set(ids).size).toBe(1);
    expect(responses.map(({ status }) => status).toSorted()).toEqual([200, 200, 202]);
    expect((await submit(spec)).status).toBe(200);
    const other = await submit({ ...spec, command: ["false"] });
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({
      error: { code: "idempotency_conflict", path: "header.idempotency-key" },
    });
  });
});

describe("cancel", () => {
  it("lets the command end in its own way and keeps what it wrote", async () => {
    const { id } = await script('trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.05; done');
    await stack.following(id, ({ text: line }) => line?.includes("ready") ?? false);
    const asked = await stack.call(`/v1/runs/${id}/cancel`, { method: "POST" });
    expect(asked.status).toBe(202);
    const run = await stack.final(id);
    expect(run).toMatchObject({
      status: "cancelled",
      reason: "cancelled_by_user",
      exit_code: 0,
      output: { complete: true },
    });
    expect(await text(id)).toBe("ready\nbye\n");
    const late = await stack.call(`/v1/runs/${id}/cancel`, { method: "POST" });
    expect(late.status).toBe(409);
    expect(await late.json()).toMatchObject({
      error: { code: "run_is_final", message: expect.stringContaining("cancelled"), run_status: "cancelled" },
    });
  });

  it("asked for twice is asked for once", async () => {
    const { id } = await script('trap "sleep 1; exit 0" TERM; echo ready; while :; do sleep 0.05; done');
    await stack.following(id, ({ text: line }) => line?.includes("ready") ?? false);
    const ask = () => stack.call(`/v1/runs/${id}/cancel`, { method: "POST" });
    expect([(await ask()).status, (await ask()).status]).toEqual([202, 202]);
    await stack.final(id);
    const events = await stack.eventsUntil(id, "settled");
    expect(events.filter(({ type }) => type === "cancel_requested")).toHaveLength(1);
  });

  it("kills a command that will not hear after the stop limit", async () => {
    const { id } = await script('trap "" TERM; echo deaf; while :; do sleep 0.05; done', {
      timeouts: { stop: "1s" },
    });
    await stack.following(id, ({ text: line }) => line?.includes("deaf") ?? false);
    await stack.call(`/v1/runs/${id}/cancel`, { method: "POST" });
    expect(await stack.final(id)).toMatchObject({ status: "cancelled", signal: "SIGKILL" });
  });

  it("ends a run without a runner too", async () => {
    const { id } = await stack.submit({ command: ["sleep", "60"], capture: "none" });
    await stack.reaching(id, "running");
    await stack.call(`/v1/runs/${id}/cancel`, { method: "POST" });
    expect(await stack.final(id)).toMatchObject({ status: "cancelled", reason: "cancelled_by_user" });
  });
});

describe("a list", () => {
  it("pages through runs, newest first, and filters them by tag and status", async () => {
    const tags = { batch: "paging" };
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push((await stack.submit({ command: ["true"], tags })).id);
    await Promise.all(ids.map((id) => stack.final(id)));
    const page = async (query: string) =>
      (await (await stack.call(`/v1/runs?tag=batch:paging&${query}`)).json()) as RunListBody;
    const first = await page("limit=3");
    const second = await page(`limit=3&cursor=${first.next_cursor}`);
    expect([...first.runs, ...second.runs].map(({ id }) => id)).toEqual(ids.toReversed());
    expect(second.next_cursor).toBeNull();
    expect((await page("status=succeeded")).runs).toHaveLength(5);
    expect((await page("status=failed,running")).runs).toHaveLength(0);
  });
});

describe("nothing is left behind", () => {
  it("has every machine gone when all runs are over", async () => {
    await stack.allReleased();
    expect((await stack.machines()).filter(({ state }) => state !== "destroyed")).toEqual([]);
  });
});
